/// The result of ``AuditVerifier``.
package struct AuditVerification: Sendable {
    /// One chain.
    package struct Chain: Hashable, Sendable {
        package let id: String
        package let firstSeq: Int64
        package let lastSeq: Int64
        /// Whether a `stop` line names its end.
        package let isStopped: Bool
        /// The last line that a valid signature covers; nil for none, and without a public key.
        package let signedSeq: Int64?
        /// Lines that the broker reports as lost.
        package let lost: Int64
        /// Parts of lines that the broker reports as torn.
        package let torn: Int
    }

    /// In the order of their places.
    package let findings: [AuditFinding]
    package let chains: [Chain]
    /// Lines that belong to a chain.
    package let lines: Int64
    /// An incomplete line at the end of the last file.
    package let incomplete: AuditPlace?
}
