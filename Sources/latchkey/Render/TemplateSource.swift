/// What the broker is asked for to fill in a placeholder.
package enum TemplateSource: Hashable, Sendable, CustomStringConvertible {
    case secret(String)
    /// The access token of a profile.
    case token(String)

    /// In words, for messages. Control characters are replaced.
    package var description: String {
        switch self {
        case .secret(let key): "secret \(Table.clean(key))"
        case .token(let profile): "token \(Table.clean(profile))"
        }
    }
}
