/// What a caller asks for, as far as the decision depends on it.
package struct AccessRequest: Hashable, Sendable {
    /// The named thing that is asked for.
    package enum Target: Hashable, Sendable {
        /// No name: a list, or a route without secrets and tokens.
        case none
        /// The name of a secret, as callers write it after `/secrets/`.
        case secret(String)
        /// The name of a token profile.
        case profile(String)

        /// The name; empty for ``none``.
        package var name: String {
            switch self {
            case .none: ""
            case .secret(let name), .profile(let name): name
            }
        }
    }

    /// The scopes that the route needs.
    package let scopes: Scopes
    package let target: Target

    package init(scopes: Scopes, target: Target = .none) {
        self.scopes = scopes
        self.target = target
    }
}
