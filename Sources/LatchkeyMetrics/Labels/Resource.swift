/// The kind of value that a request asked for.
package enum Resource: Int, Label {
    case token, secret

    package var label: String {
        switch self {
        case .token: "token"
        case .secret: "secret"
        }
    }
}
