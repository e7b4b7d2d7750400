/// The result of a token refresh.
package enum RefreshOutcome: Int, Label {
    case success, failure
    /// Left to another replica, or postponed because the issuer's quota is low.
    case deferred

    package var label: String {
        switch self {
        case .success: "success"
        case .failure: "failure"
        case .deferred: "deferred"
        }
    }
}
