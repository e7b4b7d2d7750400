/// The permissions of a caller. `RouteTable` in LatchkeyAPI says which route needs which.
package struct Scopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Gets access tokens, and reports rejected ones.
    package static let token = Scopes(rawValue: 1)
    /// Reads secrets.
    package static let secrets = Scopes(rawValue: 2)
    /// Reads the metrics.
    package static let metrics = Scopes(rawValue: 4)
    /// Clears the cache.
    package static let admin = Scopes(rawValue: 8)
    package static let all: Scopes = [.token, .secrets, .metrics, .admin]
}
