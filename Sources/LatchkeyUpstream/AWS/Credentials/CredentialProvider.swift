/// A credential source and how to ask it.
package struct CredentialProvider: Sendable {
    package enum Answer: Sendable {
        case found(AWSCredentials)
        /// The source is not configured, and why; safe to log. The next source is asked.
        case absent(String)
    }

    package let source: CredentialSource
    /// Asks for the current credentials.
    /// - Throws: if the source is configured and has no credentials. The chain then ends, as in the SDKs.
    package let load: @Sendable () async throws(AWSError) -> Answer

    package init(_ source: CredentialSource, load: @escaping @Sendable () async throws(AWSError) -> Answer) {
        self.source = source
        self.load = load
    }
}
