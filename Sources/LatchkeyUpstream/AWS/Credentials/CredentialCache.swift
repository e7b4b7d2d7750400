package import LatchkeyCore

/// The current credentials, the load in progress and the last failure, and what they mean for a caller. Pure: time and
/// jitter are parameters.
package struct CredentialCache: Sendable {
    /// How long, from its start, one load in the mandatory window may hold up callers. A source that works has answered
    /// by then; callers of one that hangs continue with the current credentials.
    package static let mandatoryWait: Duration = .milliseconds(250)
    /// The delay after a failed load, while there are usable credentials.
    private static let backoff = Backoff(base: .seconds(1), cap: .seconds(60), jitter: .plusOrMinus(0.25))
    /// The longest delay while there are usable credentials.
    package static let maxDelay = backoff.cap
    /// The longest delay while there are none.
    package static let maxDelayWithoutCredentials: Duration = .seconds(4)

    package struct Entry: Sendable {
        package let credentials: AWSCredentials
        /// Identifies these credentials, so that a rejection of them is not taken for one of their successor.
        package let generation: Int
        package let life: CredentialLifetime
    }

    package enum Step: Sendable {
        case use(Entry)
        /// Use these credentials and load others in the background.
        case useAndLoad(Entry)
        /// Wait for the load, and start it first if `starts`. After `until` use the fallback.
        case wait(starts: Bool, until: MonotonicTime?, fallback: Entry?)
        /// A load has just failed, and there is no fallback.
        case fail(AWSError)
    }

    private struct Failure {
        var error: AWSError
        let at: MonotonicTime
        let delay: Duration
    }

    package private(set) var current: Entry?
    package private(set) var loadingSince: MonotonicTime?
    private var generation = 0
    private var failure: Failure?
    private var failures = 0
    /// The outcome of the last load, for callers whose load ended before they could wait for it.
    package private(set) var lastLoad: Result<Entry, AWSError>?

    package init() {}

    /// Decides for one caller. If the step needs a load, the load counts as started.
    /// - Parameter rejected: the generation that AWS has rejected.
    package mutating func step(rejecting rejected: Int?, _ now: MonotonicTime) -> Step {
        guard let current, current.generation != rejected, current.life.age(now) != .expired else {
            return stepWithoutCredentials(now)
        }
        let age = current.life.age(now)
        if age == .fresh { return .use(current) }
        if let since = loadingSince {
            let until = since + Self.mandatoryWait
            return age == .mandatory && now < until
                ? .wait(starts: false, until: until, fallback: current) : .use(current)
        }
        guard mayLoad(now, maxDelay: Self.maxDelay) else { return .use(current) }
        loadingSince = now
        return age == .mandatory
            ? .wait(starts: true, until: now + Self.mandatoryWait, fallback: current) : .useAndLoad(current)
    }

    private mutating func stepWithoutCredentials(_ now: MonotonicTime) -> Step {
        if loadingSince != nil { return .wait(starts: false, until: nil, fallback: nil) }
        guard mayLoad(now, maxDelay: Self.maxDelayWithoutCredentials) else {
            return .fail(failure?.error ?? Self.none)
        }
        loadingSince = now
        return .wait(starts: true, until: nil, fallback: nil)
    }

    /// The error if there are no credentials and no load has failed.
    static let none = AWSError.noCredentials("no AWS credentials")

    /// Whether the delay after the last failure is over.
    private func mayLoad(_ now: MonotonicTime, maxDelay: Duration) -> Bool {
        failure.map { now >= $0.at + min($0.delay, maxDelay) } ?? true
    }

    /// Applies a successful load. If the source returned the current credentials again, near their end, their refresh
    /// windows are kept and the next load waits for a delay.
    package mutating func loaded(_ credentials: AWSCredentials, _ now: Now, jitter: Double) -> Entry {
        loadingSince = nil
        let same = current.flatMap { $0.credentials.hasSameKeys(as: credentials) ? $0.life : nil }
        generation += 1
        let life = CredentialLifetime(expiration: credentials.expiration, at: now, continuing: same)
        let entry = Entry(credentials: credentials, generation: generation, life: life)
        current = entry
        lastLoad = .success(entry)
        if life.age(now.monotonic) == .fresh {
            failure = nil
            failures = 0
        } else {
            _ = delayNextLoad(now.monotonic, jitter, maxDelay: Self.maxDelay)
        }
        return entry
    }

    /// Applies a failed load.
    ///
    /// - Returns: the error for callers, and the delay before the next load. The error has a `retryAfter` if the
    ///   failure may be transient: if `error` has one, or if a load has succeeded before.
    package mutating func failed(
        _ error: AWSError, _ now: MonotonicTime, jitter: Double
    ) -> (error: AWSError, delay: Duration) {
        loadingSince = nil
        var error = error
        let isTransient = error.retryAfter != nil || current != nil
        let isUsable = current.map { $0.life.age(now) != .expired } ?? false
        let delay = delayNextLoad(
            now, jitter, maxDelay: isUsable ? Self.maxDelay : Self.maxDelayWithoutCredentials)
        if isTransient { error.retryAfter = delay }
        failure?.error = error
        lastLoad = .failure(error)
        return (error, delay)
    }

    /// - Returns: the delay, at most `maxDelay`.
    private mutating func delayNextLoad(_ now: MonotonicTime, _ jitter: Double, maxDelay: Duration) -> Duration {
        failures += 1
        let delay = Self.backoff.delay(afterFailures: failures, random: jitter)
        var error = AWSError.noCredentials("the source has no newer credentials")
        error.retryAfter = delay
        failure = Failure(error: error, at: now, delay: delay)
        return min(delay, maxDelay)
    }
}
