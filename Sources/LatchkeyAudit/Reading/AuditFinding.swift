/// Why a log is not what the broker has written.
package struct AuditFinding: Hashable, Sendable {
    /// The first bad line; nil if no line shows it.
    package let place: AuditPlace?
    /// Nil for a line that belongs to no chain.
    package let chain: String?
    package let text: String
}
