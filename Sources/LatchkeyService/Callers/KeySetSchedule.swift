internal import LatchkeyCore

/// When the key set of a URL is read. Pure.
struct KeySetSchedule: Sendable {
    /// Time between two reads.
    static let interval: Duration = .seconds(300)
    /// Random deviation of the interval, so that replicas started together do not read together.
    static let spread = 0.1
    /// Time between two reads for tokens with an unknown `kid`.
    static let minUnknownKeyInterval: Duration = .seconds(60)
    /// The pauses after failed reads.
    static let backoff = Backoff(base: .seconds(1), cap: .seconds(60), jitter: .equal)

    /// When the next read is due. The first one is due at once.
    private(set) var due: MonotonicTime
    private var lastUnknownKey: MonotonicTime?
    private var failures = 0

    init(now: MonotonicTime) { due = now }

    /// Whether a token with an unknown `kid` may cause a read now. If so, it counts as read.
    mutating func takeUnknownKey(_ now: MonotonicTime) -> Bool {
        if let lastUnknownKey, now - lastUnknownKey < Self.minUnknownKeyInterval { return false }
        lastUnknownKey = now
        return true
    }

    /// Notes the end of a read.
    ///
    /// - Parameter jitter: uniform in 0..<1.
    mutating func ended(isSuccess: Bool, now: MonotonicTime, jitter: Double) {
        failures = isSuccess ? 0 : failures + 1
        due =
            now
            + (isSuccess
                ? Backoff.Jitter.plusOrMinus(Self.spread).spread(Self.interval, random: jitter)
                : Self.backoff.delay(afterFailures: failures, random: jitter))
    }
}
