internal import LatchkeyCore

/// The pending writes of one profile to the shared tier, and the retries of the current one. Pure: ``SharedTokenWriter``
/// makes the writes and waits for them.
///
/// A write that the tier refuses is not retried until there is another token. A write that was throttled, or that did
/// not reach the tier, is retried a few times with growing pauses, because the whole fleet waits for it. Newer writes
/// replace pending ones and end the retries.
package struct SharedWriteQueue: Sendable {
    /// The maximum number of attempts for one pair.
    static let maxAttempts = 5
    /// The pauses between the attempts.
    private static let backoff = Backoff(base: .seconds(1), cap: .seconds(8), jitter: .plusOrMinus(0.5))

    private var pair: SharedWrite?
    private var leaseUpdate: SharedWrite?
    /// The number of failed attempts of the current write.
    private var attempts = 0

    package init() {}

    /// Whether a newer write waits for the current one.
    package var hasNewer: Bool { pair != nil || leaseUpdate != nil }

    /// Adds a write. It replaces a pending write of the same kind.
    package mutating func offer(_ write: SharedWrite) {
        switch write {
        case .pair: pair = write
        case .leaseUpdate: leaseUpdate = write
        }
    }

    /// Removes and returns the next write, a pair first.
    package mutating func next() -> SharedWrite? {
        attempts = 0
        defer { if pair == nil { leaseUpdate = nil } else { pair = nil } }
        return pair ?? leaseUpdate
    }

    /// Records a failed attempt to write the current pair.
    ///
    /// - Parameter jitter: uniform in [0, 1).
    /// - Returns: the pause before the next attempt; nil if the write is not retried.
    package mutating func retryDelay(after fault: UpstreamFault, jitter: Double) -> Duration? {
        attempts += 1
        guard fault.isTransient, attempts < Self.maxAttempts, !hasNewer else { return nil }
        return Self.backoff.delay(afterFailures: attempts, random: jitter)
    }

    /// Drops the pending writes.
    mutating func removeAll() {
        pair = nil
        leaseUpdate = nil
    }
}
