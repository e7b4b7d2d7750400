/// The outcome of an access. The raw value is the member `decision`.
package enum AuditDecision: String, CaseIterable, Sendable {
    case allowed
    case denied
    /// Allowed only because the callers file has `mode: observe`.
    case wouldDeny = "would_deny"
    /// The caller was allowed, and nothing was given out: an upstream failed, or the name does not exist.
    case failed

    /// The raw value as bytes, written without a String.
    var text: StaticString {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        case .wouldDeny: "would_deny"
        case .failed: "failed"
        }
    }
}
