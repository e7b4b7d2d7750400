/// Why a caller may not have what it asks for. The raw value is that of the audit log.
package enum AccessReason: String, Error, Hashable, Sendable, CaseIterable {
    /// The caller's `not_after` has passed.
    case expired
    /// The caller lacks a scope that the route needs.
    case scope
    /// No pattern of the caller gives the secret.
    case pattern
    /// A pattern with `!` takes the secret away.
    case excluded
    /// The caller does not have the token profile.
    case profile

    /// Whether the mode `observe` lets the request pass.
    package var isObservable: Bool {
        switch self {
        case .expired, .scope: false
        case .pattern, .excluded, .profile: true
        }
    }
}
