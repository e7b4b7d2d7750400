/// Where the audit log is written.
package enum AuditTarget: Hashable, Sendable {
    case file(path: String)
    case standardError

    /// The value of `LATCHKEY_AUDIT_LOG`.
    package init(setting text: String) { self = text == "stderr" ? .standardError : .file(path: text) }
}
