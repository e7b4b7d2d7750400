/// What became of a line of the audit log.
package enum AuditOutcome: Int, Label {
    case written
    /// It could not be written, and is dropped.
    case lost

    package var label: String {
        switch self {
        case .written: "written"
        case .lost: "lost"
        }
    }
}
