/// The reason for a token refresh.
package enum RefreshReason: Int, Label {
    case cold, ahead, forced, rejected

    package var label: String {
        switch self {
        case .cold: "cold"
        case .ahead: "ahead"
        case .forced: "forced"
        case .rejected: "rejected"
        }
    }
}
