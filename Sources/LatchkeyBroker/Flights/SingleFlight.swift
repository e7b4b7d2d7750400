package import LatchkeyCore
internal import Synchronization

/// At most one fetch a key at a time; whoever comes meanwhile shares its outcome, success and failure alike.
///
/// - One `Task` does the work of a flight and one waits for deadlines, however many callers there are.
/// - A caller whose deadline passes, or who has gone away, leaves the flight as it is.
/// - A caller who needs work that begins after it asked does not join a flight: it starts another, which later callers
///   join. The older one goes on for those who wait for it.
/// - A flight whose own deadline passes is given up: its callers are told, its task is cancelled, and the next
///   caller starts another. What it brings later still reaches the cache, for the work itself puts it there.
package final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    package typealias Outcome = Result<Value, UpstreamFault>

    private let table: Mutex<FlightTable<Key, Value>>
    private let time: TimeSource
    private let sleeper: Sleeper
    private let longest: Duration

    /// - Parameters:
    ///   - maximumWaiters: callers one flight takes; more are refused as `overloaded`.
    ///   - longest: a flight's own deadline, from its start.
    package init(maximumWaiters: Int = 10_000, longest: Duration, time: TimeSource, sleeper: Sleeper) {
        table = Mutex(FlightTable(maximumWaiters: maximumWaiters))
        self.time = time
        self.sleeper = sleeper
        self.longest = longest
    }

    /// Callers waiting on `key` now; nil when no flight is under way.
    package func waiters(on key: Key) -> Int? { table.withLock { $0.waiters(on: key) } }

    /// Waits for `key`'s flight, starting it with `work` if there is none.
    ///
    /// - Parameters:
    ///   - isNew: the work must begin now: an older flight is not joined.
    ///   - deadline: when this caller stops waiting (`timedOut`).
    ///   - work: what a flight does; given the flight's deadline.
    ///   - waiter: called once, on any thread, never under a lock; before this returns when the caller is refused.
    /// - Returns: true when the caller joined a flight that was under way.
    @discardableResult
    package func join(
        _ key: Key, isNew: Bool = false, deadline: MonotonicTime,
        work: @escaping @Sendable (MonotonicTime) async -> Outcome, waiter: @escaping @Sendable (Outcome) -> Void
    ) -> Bool {
        fly(key, isNew: isNew, waiting: (deadline, waiter), work: work)
    }

    /// Keeps later callers from joining any flight that is under way. Those who wait are still answered.
    package func replaceAll() { table.withLock { $0.replaceAll() } }

    /// Gives up every flight of `key`: its callers are told `fault`, its tasks cancelled.
    package func abandon(_ key: Key, because fault: UpstreamFault) {
        let (waiters, tasks) = table.withLock { $0.abandon(key) }
        for task in tasks { task.cancel() }
        for waiter in waiters { waiter(.failure(fault)) }
    }

    /// Starts a flight nobody waits for. False when one is under way already.
    package func start(_ key: Key, work: @escaping @Sendable (MonotonicTime) async -> Outcome) -> Bool {
        !fly(key, isNew: false, waiting: nil, work: work)
    }

    /// Returns true when a flight was under way.
    private func fly(
        _ key: Key, isNew: Bool, waiting: (deadline: MonotonicTime, waiter: @Sendable (Outcome) -> Void)?,
        work: @escaping @Sendable (MonotonicTime) async -> Outcome
    ) -> Bool {
        let end = time.now().monotonic + longest
        switch table.withLock({ $0.join(key, isNew: isNew, flightDeadline: end, waiting: waiting) }) {
        case .overloaded:
            waiting?.waiter(.failure(UpstreamFault(.overloaded, retryAfter: .seconds(1))))
            return false
        case .joined(let flight, let timer):
            if let timer { wake(key, flight, at: timer) }
            return true
        case .start(let flight, let timer):
            let task = Task { self.finish(key, flight, await work(end)) }
            keep(task, key, flight)
            wake(key, flight, at: timer)
            return false
        }
    }

    private func finish(_ key: Key, _ flight: UInt64, _ outcome: Outcome) {
        let (waiters, tasks) = table.withLock { $0.finish(key, flight: flight) }
        for task in tasks { task.cancel() }
        for waiter in waiters { waiter(outcome) }
    }

    /// Looks at the flight's deadlines at `deadline`.
    private func wake(_ key: Key, _ flight: UInt64, at deadline: MonotonicTime) {
        let task = Task {
            var next: MonotonicTime? = deadline
            while let deadline = next, !Task.isCancelled {
                await sleeper.sleep(deadline)
                next = expire(key, flight)
            }
        }
        keep(task, key, flight)
    }

    private func keep(_ task: Task<Void, Never>, _ key: Key, _ flight: UInt64) {
        if !table.withLock({ $0.keep(task, key: key, flight: flight) }) { task.cancel() }
    }

    /// Tells those whose time is up. Returns when to look again; nil when the flight is over.
    private func expire(_ key: Key, _ flight: UInt64) -> MonotonicTime? {
        let now = time.now().monotonic
        switch table.withLock({ $0.expire(key, flight: flight, now: now) }) {
        case .nothing: return nil
        case .flight(let waiters, let tasks):
            for task in tasks { task.cancel() }
            for waiter in waiters { waiter(.failure(UpstreamFault(.timedOut))) }
            return nil
        case .waiters(let waiters, let timer):
            for waiter in waiters { waiter(.failure(UpstreamFault(.timedOut))) }
            return timer
        }
    }
}
