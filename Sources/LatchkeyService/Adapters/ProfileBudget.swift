internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyUpstream
internal import Synchronization

/// One profile's `LATCHKEY_ISSUE_BUDGET_PER_HOUR`, shared by all who spend of it, and shown as a metric.
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

    /// Takes one request's place; the time to wait for the next where there is none for that purpose.
    func spend(_ now: MonotonicTime, for purpose: IssuePurpose) -> Duration? {
        let wait = budget.withLock { $0.spend(now, leaving: purpose.reserve(of: $0.perHour)) }
        show(now)
        return wait
    }

    /// Whether nothing of it is spent.
    func isWhole(_ now: MonotonicTime) -> Bool { budget.withLock { $0.remaining(now) >= $0.perHour } }

    /// Brings the metric up to date: the budget grows back as time passes, without anybody asking.
    func show(_ now: MonotonicTime) {
        let remaining = budget.withLock { $0.remaining(now) }
        metrics.issuerQuota(profile: profile, .budget, remaining: Int64(remaining))
    }
}
