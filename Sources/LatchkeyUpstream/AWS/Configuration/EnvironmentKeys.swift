internal import LatchkeyCore

/// The keys in the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
package enum EnvironmentKeys {
    static let idName = "AWS_ACCESS_KEY_ID"
    private static let secretName = "AWS_SECRET_ACCESS_KEY"
    private static let expirationName = "AWS_CREDENTIAL_EXPIRATION"

    /// Also reads `AWS_SECURITY_TOKEN`, boto's older name for the session token, which takes precedence as in botocore,
    /// and the time in `AWS_CREDENTIAL_EXPIRATION` (ISO 8601).
    ///
    /// - Parameter environment: a value of white space counts as unset.
    /// - Returns: nil if there is no access key id.
    /// - Throws: if the secret is missing, or a value is not valid.
    package static func find(_ environment: [String: String]) throws(AWSError) -> AWSCredentials? {
        let given: (String) -> String? = { name in
            environment[name].flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        }
        guard let id = given(idName) else { return nil }
        guard
            var credentials = AWSCredentials(
                id: id, secret: given(secretName), token: given("AWS_SECURITY_TOKEN") ?? given("AWS_SESSION_TOKEN"))
        else { throw .noCredentials("\(idName) is set and \(secretName) is not") }
        if let text = environment[expirationName], !text.isEmpty {
            do throws(ExpirationTime.SyntaxError) {
                credentials.expiration = try ExpirationTime.parse(text)
            } catch {
                throw .noCredentials("\(expirationName) \(error.reason)")
            }
        }
        guard credentials.isVisibleASCII else {
            throw .noCredentials("\(idName) or the session token contains a character other than visible ASCII")
        }
        return credentials
    }
}
