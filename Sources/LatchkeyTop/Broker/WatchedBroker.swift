internal import LatchkeyCore

/// The last two readings of one broker.
package struct WatchedBroker: Sendable {
    package let url: String
    package private(set) var reading: BrokerReading?
    private var earlier: BrokerReading?
    /// Why the last attempt to read it failed.
    package private(set) var failure: String?

    package init(url: String) { self.url = url }

    package mutating func read(_ reading: BrokerReading) {
        // After a failure the reading before is kept: a rate over the gap is still a rate.
        earlier = self.reading
        self.reading = reading
        failure = nil
    }

    package mutating func failed(_ reason: String) { failure = reason }

    /// `ok`, `degraded` or `unavailable`; `unreachable`, or `unknown` before the first reading and without `/health`.
    package var status: String {
        if failure != nil { return "unreachable" }
        return reading?.health?.status ?? "unknown"
    }

    /// The seconds that its rates cover; nil without metrics.
    var window: Double? {
        guard failure == nil, let reading, let page = reading.metrics else { return nil }
        if let earlier, earlier.metrics != nil { return (reading.time.monotonic - earlier.time.monotonic).inSeconds }
        let now = Double(reading.time.wall.milliseconds) / 1000
        let lived = page.sum("process_start_time_seconds").map { now - $0 } ?? reading.health.map { Double($0.uptime) }
        return lived.map { max(1, $0) }
    }

    /// Adds how much its counters grow in a second; since its start if there is one reading only.
    func add(to rates: inout SeriesRates) {
        guard let window, let page = reading?.metrics else { return }
        rates.add(page, since: earlier?.metrics, seconds: window)
    }
}
