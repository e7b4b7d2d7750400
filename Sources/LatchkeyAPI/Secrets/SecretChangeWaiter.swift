package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
internal import Synchronization

/// Lets callers wait for a secret to change (`?wait=` with `If-None-Match`).
///
/// A caller is answered at the first check that finds another entity tag, or with the current value when its wait ends.
/// A caller that has disconnected gives up its place at the next check.
package final class SecretChangeWaiter: Sendable {
    /// Maximum wait in seconds.
    static let maxWait = 60
    /// Maximum number of waiting requests; more are refused as `overloaded`. Callers have shares of it (``FairShare``).
    static let maxWaiters = 1000
    /// Time between two checks. A value younger than this is not fetched again, so a store gets one call per interval,
    /// however many callers wait for the same secret.
    static let interval: Duration = .seconds(5)

    private let secrets: SecretBroker
    /// Whether the process is draining. Then all waiting callers are answered.
    private let isDraining: @Sendable () -> Bool
    private let time: Timing
    private let places = Mutex(FairShare(maxWaiters))
    private let pauses = Mutex(Pauses())

    /// The pauses of all waiting callers.
    private struct Pauses: Sendable {
        /// Counts the calls of ``SecretChangeWaiter/wakeAll()``.
        var wakes = 0
        var next = 0
        var tasks: [Int: Task<Void, Never>] = [:]
    }

    /// The end of a wait.
    enum Outcome: Sendable {
        case read(Result<ServedSecret, UpstreamFault>)
        /// The caller has lost its access.
        case refused(Problem)
    }

    package init(secrets: SecretBroker, isDraining: @escaping @Sendable () -> Bool, time: Timing) {
        self.secrets = secrets
        self.isDraining = isDraining
        self.time = time
    }

    /// Takes a place; false if none is left for this caller. ``release(_:)`` returns it.
    func acquire(_ requester: Requester?) -> Bool { places.withLock { $0.take(requester) } }

    func release(_ requester: Requester?) { places.withLock { $0.release(requester) } }

    /// Ends the pauses of all waiting callers, so that each checks its access. Called when the callers or a key set
    /// change.
    package func wakeAll() {
        pauses.withLock { pauses in
            pauses.wakes += 1
            for task in pauses.tasks.values { task.cancel() }
        }
    }

    /// Waits until `end` or ``wakeAll()``.
    ///
    /// - Parameter wakes: ``Pauses/wakes`` before the caller's access was checked.
    private func pause(until end: MonotonicTime, since wakes: Int) async {
        let task = Task { [time] in await time.sleep(end) }
        let id = pauses.withLock { pauses in
            if pauses.wakes != wakes { task.cancel() }
            pauses.next += 1
            pauses.tasks[pauses.next] = task
            return pauses.next
        }
        await task.value
        pauses.withLock { $0.tasks[id] = nil }
    }

    /// Returns the first answer that `holds` rejects, or the last one when `end` is reached, the caller has gone or the
    /// process is draining.
    ///
    /// - Parameters:
    ///   - requester: the caller.
    ///   - timeout: the limit for a single check.
    ///   - isCallerConnected: whether the caller is still connected.
    ///   - standing: whether the caller may still have the secret.
    func answer(
        to query: SecretQuery, for requester: Requester?, until end: MonotonicTime, timeout: Duration,
        isCallerConnected: @Sendable () -> Bool, standing: @Sendable () -> CallerStanding.Outcome,
        while holds: @Sendable (ServedSecret) -> Bool
    ) async -> Outcome {
        // A pause that ends early is not followed by a read, so that a change of the callers causes no calls.
        var (isFirst, nextRead) = (true, time.now().monotonic)
        var last: ServedSecret?
        while true {
            let wakes = pauses.withLock { $0.wakes }
            var served = last
            if time.now().monotonic >= min(nextRead, end) || served == nil {
                do throws(UpstreamFault) {
                    let deadline = time.now().monotonic + timeout
                    served = try await secrets.secret(
                        query, demand: isFirst ? .cached : .recent(maximumAge: Self.interval), for: requester,
                        deadline: deadline)
                } catch {
                    return .read(.failure(error))
                }
                let pause = Backoff.Jitter.plusOrMinus(0.1).spread(Self.interval, random: time.jitter())
                nextRead = time.now().monotonic + pause
                isFirst = false
            }
            let now = time.now()
            let limit: WallTime?
            switch standing() {
            case .refused(let problem): return .refused(problem)
            case .holds(let until): limit = until
            }
            guard let served, holds(served), now.monotonic < end, isCallerConnected(), !isDraining() else {
                return .read(served.map { .success($0) } ?? .failure(UpstreamFault(.timedOut)))
            }
            last = served
            let lost = limit.map { now.monotonic + max(.zero, $0 - now.wall) } ?? end
            await pause(until: min(nextRead, end, lost), since: wakes)
        }
    }
}
