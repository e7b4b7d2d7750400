internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyUpstream
internal import Synchronization

/// One profile's `LATCHKEY_ISSUE_BUDGET_PER_HOUR`, shared by all its requests and shown as a metric.
final class ProfileBudget: Sendable {
    private let budget: Mutex<IssueBudget>
    private let profile: String
    private let metrics: Metrics

    /// - Parameter profile: the profile's name.
    init(_ perHour: Int, profile: String, metrics: Metrics) {
        budget = Mutex(IssueBudget(perHour))
        self.profile = profile
        self.metrics = metrics
    }

    /// Takes one request from the budget; returns the wait for the next one if none is left for `purpose`.
    func spend(_ now: MonotonicTime, for purpose: IssuePurpose) -> Duration? {
        let wait = budget.withLock { $0.spend(now, leaving: purpose.reserve(of: $0.perHour)) }
        updateMetric(now)
        return wait
    }

    /// Whether the budget is unspent.
    func isFull(_ now: MonotonicTime) -> Bool { budget.withLock { $0.remaining(now) >= $0.perHour } }

    /// Updates the metric. The budget refills over time, so this must also be called before each scrape.
    func updateMetric(_ now: MonotonicTime) {
        let (remaining, limit) = budget.withLock { ($0.remaining(now), $0.perHour) }
        metrics.issuerQuota(profile: profile, .budget, remaining: Int64(remaining), limit: Int64(limit))
    }
}
