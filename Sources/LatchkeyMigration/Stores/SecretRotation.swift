/// The rotation settings of a secret (DescribeSecret).
package struct SecretRotation: Hashable, Sendable {
    /// The ARN of the Lambda function that rotates the secret; nil if an AWS service rotates it.
    package var function: String?
    /// `RotationRules` as JSON text.
    package var rules: String?

    package init(function: String?, rules: String?) {
        self.function = function
        self.rules = rules
    }
}
