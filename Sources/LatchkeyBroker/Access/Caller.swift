package import LatchkeyCore

/// An authenticated client of the broker, and what it may have.
package final class Caller: Sendable {
    package let id: String
    package let scopes: Scopes
    package let secrets: SecretPatterns
    package let profiles: ProfileGrant
    /// When its credentials end; nil for never.
    package let notAfter: WallTime?

    /// - Parameter notAfter: the first time at which its credentials no longer count.
    package init(
        id: String, scopes: Scopes, secrets: SecretPatterns = SecretPatterns([]),
        profiles: ProfileGrant = ProfileGrant([ProfileGrant.defaultName]), notAfter: WallTime? = nil
    ) {
        self.id = id
        self.scopes = scopes
        self.secrets = secrets
        self.profiles = profiles
        self.notAfter = notAfter
    }

    /// The id of ``default``.
    package static let defaultID = "default"

    /// The holder of `LATCHKEY_API_KEY`: every scope, every secret and every profile.
    package static let `default` = Caller(id: defaultID, scopes: .all, secrets: .all, profiles: .all)

    /// Whether it may have every secret and every profile.
    package var isUnrestricted: Bool { secrets.isEverything && profiles == .all }
}
