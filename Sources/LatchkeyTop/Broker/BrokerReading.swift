package import LatchkeyCore

/// What one broker said at one moment.
package struct BrokerReading: Sendable {
    package let time: Now
    /// Nil if the caller may not read it.
    package let health: BrokerHealth?
    /// Nil if the caller may not read it.
    package let metrics: MetricsPage?
    /// Why a part is missing.
    package let notes: [String]

    package init(time: Now, health: BrokerHealth?, metrics: MetricsPage?, notes: [String] = []) {
        (self.time, self.health, self.metrics, self.notes) = (time, health, metrics, notes)
    }
}
