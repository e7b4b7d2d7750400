/// Whether a caller's request was allowed.
package enum CallerDecision: Int, Label {
    case allowed, denied

    package var label: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        }
    }
}
