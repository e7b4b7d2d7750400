internal import LatchkeyCore

/// The gauges of a ``StateReading``. Not on the page before the first reading.
struct StateGauges: Sendable {
    private let health = Gauges(.health)
    private let failingReloads = Gauges(.failingReloads)
    private let oldestStaleSecret = Gauges(.oldestStaleSecret)
    private let credentialsExpiry = Gauges(.credentialsExpiry)

    /// The gauges in the order of the page.
    var all: [Gauges] { [health, failingReloads, oldestStaleSecret, credentialsExpiry] }

    func set(_ reading: StateReading) {
        for status in HealthStatus.allCases { health.set(status == reading.health ? 1 : 0, status.rawValue) }
        for subject in ReloadSubject.allCases {
            failingReloads.set(Int64(reading.failingReloads[subject] ?? 0), subject.rawValue)
        }
        oldestStaleSecret.set(reading.oldestStaleSecret?.components.seconds ?? 0, 0)
        credentialsExpiry.set(reading.credentialsExpiry?.seconds, 0)
    }
}
