package import LatchkeyCore

/// State that no event announces. It is read before each rendering of the metrics page.
package struct StateReading: Equatable, Sendable {
    /// The `status` of `/health`.
    package var health: HealthStatus
    /// The number of files, parameters and settings that cannot be read or used now; absent means none.
    package var failingReloads: [ReloadSubject: Int] = [:]
    /// The age of the oldest secret that is served past its TTL; nil if there is none.
    package var oldestStaleSecret: Duration?
    /// When the AWS credentials in use expire; nil if there are none or they do not expire.
    package var credentialsExpiry: WallTime?

    package init(health: HealthStatus) { self.health = health }
}
