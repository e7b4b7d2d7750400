package import LatchkeyCore
internal import Synchronization

/// How far AWS's clock is ahead of ours.
///
/// All AWS calls of a process share one instance, so that a correction that one refused call made applies to all.
package final class ClockSkew: Sendable {
    /// Differences up to this count as none. AWS accepts signatures that are up to 5 minutes off.
    static let tolerance: Duration = .seconds(240)

    private struct State {
        var correction: Duration = .zero
        var bounds = ClockBounds.same
    }

    private let state = Mutex(State())

    package init() {}

    /// The bounds of the difference that the last response's `Date` gives.
    package var bounds: ClockBounds { state.withLock { $0.bounds } }

    /// The correction for signatures: zero until AWS has refused one because of its time.
    var correction: Duration { state.withLock { $0.correction } }

    /// AWS's time when our wall clock says `time`, according to the correction.
    func awsTime(at time: WallTime) -> WallTime { time + correction }

    /// Our wall clock when AWS's says `time`, according to the correction.
    func ownTime(at time: WallTime) -> WallTime { time + (.zero - correction) }

    func record(_ bounds: ClockBounds) { state.withLock { $0.bounds = bounds } }

    func correct(to difference: Duration) { state.withLock { $0.correction = difference } }

    /// Whether two clocks are so far apart that signatures or expiry times are affected.
    static func isSkewed(by difference: Duration) -> Bool {
        difference > tolerance || difference < .zero - tolerance
    }
}
