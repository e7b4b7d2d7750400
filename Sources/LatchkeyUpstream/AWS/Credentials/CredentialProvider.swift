/// One place credentials may come from.
package struct CredentialProvider: Sendable {
    /// What asking a place has led to.
    package enum Answer: Sendable {
        case found(AWSCredentials)
        /// This place has none, and why, in words that are safe to log: the next is asked.
        case absent(String)
    }

    package let source: CredentialSource
    /// Asks for the credentials as they are now.
    /// - Throws: when the place should have some and has not: the chain ends there, as in the SDKs.
    package let load: @Sendable () async throws(AWSError) -> Answer

    package init(_ source: CredentialSource, load: @escaping @Sendable () async throws(AWSError) -> Answer) {
        self.source = source
        self.load = load
    }
}

extension AWSError {
    /// Credentials that should be there and are not.
    /// - Parameter hint: what is wrong. Safe to log: never a value.
    static func credentials(_ hint: String, code: String? = nil) -> AWSError {
        AWSError(.noCredentials, code: code, hint: hint)
    }
}
