/// What a caller's request asked for.
package enum CallerResource: Int, Label {
    case token, secret, admin

    package var label: String {
        switch self {
        case .token: "token"
        case .secret: "secret"
        case .admin: "admin"
        }
    }
}
