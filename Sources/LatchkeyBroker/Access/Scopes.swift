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
    /// Whether a caller with these scopes may use a route that needs `needed`. A route that needs none is open to every
    /// caller with another scope than ``metrics``.
    package func opens(_ needed: Scopes) -> Bool {
        needed.isEmpty ? !subtracting(.metrics).isEmpty : isSuperset(of: needed)
    }

    package static let all: Scopes = [.token, .secrets, .metrics, .admin]
}

extension Scopes {
    /// The names in the callers file.
    package static let names = ["token", "secrets", "metrics", "admin"]

    /// The scope of that name; nil if there is none.
    package init?(named name: String) {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: 1 << UInt8(index))
    }

    /// The names of its scopes.
    package var list: [String] { Self.names.filter { Scopes(named: $0).map(isSuperset) ?? false } }
}
