/// The result of comparing a value in the two secret stores.
package enum ShadowResult: Int, Label {
    case match, mismatch, error

    package var label: String {
        switch self {
        case .match: "match"
        case .mismatch: "mismatch"
        case .error: "error"
        }
    }
}
