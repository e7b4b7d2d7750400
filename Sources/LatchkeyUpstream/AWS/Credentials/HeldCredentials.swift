package import LatchkeyCore

/// The set in force, the load under way and the last failure, and what they mean for whoever asks. Pure: time and chance
/// are parameters.
package struct HeldCredentials: Sendable {
    /// How long one load in the mandatory window may hold callers up in all, from its start: a source that answers is
    /// there by then, and one that hangs delays nobody further while the old set lives.
    package static let mandatoryWait: Duration = .milliseconds(250)
    /// The pause after a failed load, doubled with each, while the old set lives and while there is none.
    package static let firstPause: Duration = .seconds(1)
    package static let longestPauseHolding: Duration = .seconds(60)
    package static let longestPauseWithout: Duration = .seconds(4)

    package struct Held: Sendable {
        package let credentials: AWSCredentials
        /// Names this set, so that a refusal of it is told from one of its successor.
        package let generation: Int
        package let life: CredentialLife
    }

    package enum Step: Sendable {
        case use(Held)
        /// This set now; another is to be loaded behind.
        case useAndLoad(Held)
        /// The load is to be waited for, and begun first where `begins`; past `until` the fallback does.
        case wait(begins: Bool, until: MonotonicTime?, fallback: Held?)
        /// A load has just failed, and there is nothing to fall back on.
        case fail(AWSError)
    }

    private struct Failure {
        var error: AWSError
        let at: MonotonicTime
        let pause: Duration
    }

    package private(set) var held: Held?
    package private(set) var loadingSince: MonotonicTime?
    private var generation = 0
    private var failure: Failure?
    private var failures = 0
    /// How the last load ended, for callers whose load was over before they could wait for it.
    package private(set) var lastLoad: Result<Held, AWSError>?

    package init() {}

    /// What to do for one caller. A load that the answer calls for counts as begun.
    /// - Parameter rejected: the generation AWS has refused.
    package mutating func step(rejecting rejected: Int?, _ now: MonotonicTime) -> Step {
        guard let held, held.generation != rejected, held.life.age(now) != .ended else {
            return withoutUsable(now)
        }
        let age = held.life.age(now)
        if age == .fresh { return .use(held) }
        if let since = loadingSince {
            let until = since + Self.mandatoryWait
            return age == .mandatory && now < until ? .wait(begins: false, until: until, fallback: held) : .use(held)
        }
        guard mayBegin(now, longest: Self.longestPauseHolding) else { return .use(held) }
        loadingSince = now
        return age == .mandatory
            ? .wait(begins: true, until: now + Self.mandatoryWait, fallback: held) : .useAndLoad(held)
    }

    private mutating func withoutUsable(_ now: MonotonicTime) -> Step {
        if loadingSince != nil { return .wait(begins: false, until: nil, fallback: nil) }
        guard mayBegin(now, longest: Self.longestPauseWithout) else {
            return .fail(failure?.error ?? .credentials("no AWS credentials"))
        }
        loadingSince = now
        return .wait(begins: true, until: nil, fallback: nil)
    }

    /// Whether the pause after the last failure is over.
    private func mayBegin(_ now: MonotonicTime, longest: Duration) -> Bool {
        failure.map { now >= $0.at + min($0.pause, longest) } ?? true
    }

    /// A load has brought a set. One that is none other than the set in force, in its last quarter, is kept with its
    /// windows, and looked past again after a pause.
    package mutating func loaded(_ credentials: AWSCredentials, _ now: Now, chance: Double) -> Held {
        loadingSince = nil
        let same = held.flatMap { $0.credentials.isSameSet(as: credentials) ? $0.life : nil }
        generation += 1
        let life = CredentialLife(expiration: credentials.expiration, at: now, continuing: same)
        let held = Held(credentials: credentials, generation: generation, life: life)
        self.held = held
        lastLoad = .success(held)
        if life.age(now.monotonic) == .fresh {
            failure = nil
            failures = 0
        } else {
            _ = pause(now.monotonic, chance, longest: Self.longestPauseHolding)
        }
        return held
    }

    /// A load has failed. An error that may pass by itself, which is one with a `retryAfter`, is told when.
    /// - Returns: the error as callers are told it, and how long until another load may begin.
    package mutating func failed(
        _ error: AWSError, _ now: MonotonicTime, chance: Double
    ) -> (error: AWSError, pause: Duration) {
        loadingSince = nil
        var error = error
        // What worked once may work again by itself.
        let mayPass = error.retryAfter != nil || held != nil
        let isHolding = held.map { $0.life.age(now) != .ended } ?? false
        let length = pause(now, chance, longest: isHolding ? Self.longestPauseHolding : Self.longestPauseWithout)
        if mayPass { error.retryAfter = length }
        failure?.error = error
        lastLoad = .failure(error)
        return (error, length)
    }

    /// - Returns: the pause that begins.
    private mutating func pause(_ now: MonotonicTime, _ chance: Double, longest: Duration) -> Duration {
        failures += 1
        let doubled = min(Self.firstPause * (1 << min(failures - 1, 10)), Self.longestPauseHolding)
        let length = doubled * (0.75 + chance / 2)
        var error = AWSError.credentials("the source has no newer credentials")
        error.retryAfter = length
        failure = Failure(error: error, at: now, pause: length)
        return min(length, longest)
    }
}
