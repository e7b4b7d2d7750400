/// The permissions of a caller.
package struct Scopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let token = Scopes(rawValue: 1)
    package static let secrets = Scopes(rawValue: 2)
    package static let metrics = Scopes(rawValue: 4)
    package static let admin = Scopes(rawValue: 8)
    package static let all: Scopes = [.token, .secrets, .metrics, .admin]
}
