/// Exponential backoff with jitter: delays that double with each failure up to a cap, spread at random so that clients
/// which failed together do not retry together. Pure: the caller counts failures and draws the random number.
package struct Backoff: Hashable, Sendable {
    /// How jitter spreads a delay (AWS Architecture Blog, "Exponential Backoff And Jitter").
    package enum Jitter: Hashable, Sendable {
        case none
        /// From zero to the whole delay.
        case full
        /// From half of the delay to the whole delay.
        case equal
        /// The delay plus or minus a share of it, between 0 and 1. Unlike the others it can exceed ``Backoff/cap``.
        case plusOrMinus(Double)

        /// Spreads a delay, which need not be one of a backoff.
        ///
        /// - Parameter random: uniform in 0..<1, such as ``Timing/jitter``.
        package func spread(_ delay: Duration, random: Double) -> Duration {
            // A NaN fails the comparison and counts as zero.
            let random = random > 0 ? min(random, 1) : 0
            return switch self {
            case .none: delay
            case .full: delay * random
            case .equal: delay * (0.5 + random / 2)
            case .plusOrMinus(let share): delay * (1 - share + random * (2 * share))
            }
        }
    }

    /// The delay after the first failure, before jitter.
    package let base: Duration
    /// The longest delay before jitter.
    package let cap: Duration
    package let jitter: Jitter

    package init(base: Duration, cap: Duration, jitter: Jitter) {
        self.base = base
        self.cap = cap
        self.jitter = jitter
    }

    /// The delay before the next attempt.
    ///
    /// - Parameters:
    ///   - failures: failed attempts in a row, the first is 1.
    ///   - random: uniform in 0..<1, such as ``Timing/jitter``.
    package func delay(afterFailures failures: Int, random: Double) -> Duration {
        jitter.spread(delay(afterFailures: failures), random: random)
    }

    /// The delay before jitter, in whole nanoseconds. Saturates.
    private func delay(afterFailures failures: Int) -> Duration {
        let doublings = min(max(failures, 1) - 1, 62)
        let (doubled, overflow) = base.clampedNanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        return overflow ? cap : min(cap, .nanoseconds(doubled))
    }
}
