package import LatchkeyCore
internal import Synchronization

/// AWS's clock less ours, as far as AWS has shown it: one for all calls of a process, so that what one refusal taught
/// is known to all. Zero until then.
package final class ClockOffset: Sendable {
    /// Clocks so near to one another count as the same: AWS accepts signatures of ±5 minutes.
    static let tolerance: Duration = .seconds(240)

    private let value = Mutex(Duration.zero)
    private let shown = Mutex(ClockBounds.same)

    package init() {}

    /// What the last answer's `Date` shows of AWS's clock.
    package var bounds: ClockBounds { shown.withLock { $0 } }

    func note(_ bounds: ClockBounds) { shown.withLock { $0 = bounds } }

    /// What has to be added to our wall clock to have AWS's.
    package var current: Duration { value.withLock { $0 } }

    func set(_ offset: Duration) { value.withLock { $0 = offset } }
}
