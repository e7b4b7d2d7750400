/// What both stores hold for the secrets that are to be moved.
package struct Inventory: Sendable {
    /// In the order in which they are moved.
    package var secrets: [SourceSecret]
    /// The existing parameters by name.
    package var parameters: [String: ExistingParameter]
    /// The IAM actions that AWS refused, by parameter name.
    package var deniedParameters: [String: Set<String>]
    /// The IAM actions whose calls got no answer, by parameter name.
    package var unreadParameters: [String: Set<String>] = [:]
    /// The part of a parameter's ARN before its name, with the slash after `parameter`.
    package var parameterARNPrefix: String
    /// The number of parameter paths whose write permission was not checked, because there were too many.
    package var uncheckedPaths = 0

    /// - Parameter parameterARNPrefix: nil stands for a prefix of us-east-1.
    package init(
        secrets: [SourceSecret], parameters: [String: ExistingParameter] = [:],
        deniedParameters: [String: Set<String>] = [:], parameterARNPrefix: String? = nil
    ) {
        self.secrets = secrets
        self.parameters = parameters
        self.deniedParameters = deniedParameters
        self.parameterARNPrefix = parameterARNPrefix ?? "arn:aws:ssm:us-east-1:123456789012:parameter/"
    }
}
