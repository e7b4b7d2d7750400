internal import LatchkeyCore

/// Which fetches are under way and who waits for them. Pure: it starts nothing and calls nobody.
struct FlightTable<Key: Hashable & Sendable, Value: Sendable> {
    typealias Waiter = @Sendable (Result<Value, UpstreamFault>) -> Void

    /// What the caller of ``join(_:flightDeadline:waiting:)`` is to do.
    enum Join {
        /// Start the work of flight `flight`, and a timer for `deadline`.
        case start(flight: UInt64, timer: MonotonicTime)
        /// Nothing; or, if `timer` is not nil, a timer for it.
        case joined(flight: UInt64, timer: MonotonicTime?)
        /// Too many wait already: refuse.
        case overloaded
    }

    private struct Flight {
        let id: UInt64
        let key: Key
        let deadline: MonotonicTime
        var waiters: [(deadline: MonotonicTime, waiter: Waiter)] = []
        /// The earliest timer that was asked for and has not fired.
        var timer: MonotonicTime
        var tasks: [Task<Void, Never>] = []
    }

    private var flights: [Key: Flight] = [:]
    /// Flights that nobody may join any more, because a newer one took their place or memory was cleared. Their waiters
    /// still get their outcome.
    private var replaced: [UInt64: Flight] = [:]
    private var lastID: UInt64 = 0
    private let maximumWaiters: Int

    init(maximumWaiters: Int) { self.maximumWaiters = maximumWaiters }

    /// Callers waiting on `key`'s flight; nil when there is none.
    func waiters(on key: Key) -> Int? { flights[key]?.waiters.count }

    /// Keeps later callers from joining the flight of `key`.
    private mutating func replace(_ key: Key) {
        if let flight = flights.removeValue(forKey: key) { replaced[flight.id] = flight }
    }

    /// Keeps later callers from joining any flight that is under way.
    mutating func replaceAll() {
        for key in Array(flights.keys) { replace(key) }
    }

    /// Adds a waiter (none for work in the background) to the flight of `key`, making one if need be.
    ///
    /// - Parameter isNew: the caller needs work that begins now, so it joins no flight that is under way.
    mutating func join(
        _ key: Key, isNew: Bool = false, flightDeadline: MonotonicTime,
        waiting: (deadline: MonotonicTime, waiter: Waiter)?
    ) -> Join {
        if isNew { replace(key) }
        guard var flight = flights.removeValue(forKey: key) else {
            lastID += 1
            let timer = min(flightDeadline, waiting?.deadline ?? flightDeadline)
            var flight = Flight(id: lastID, key: key, deadline: flightDeadline, timer: timer)
            if let waiting { flight.waiters.append(waiting) }
            flights[key] = flight
            return .start(flight: lastID, timer: timer)
        }
        defer { flights[key] = flight }
        guard let waiting else { return .joined(flight: flight.id, timer: nil) }
        guard flight.waiters.count < maximumWaiters else { return .overloaded }
        flight.waiters.append(waiting)
        guard waiting.deadline < flight.timer else { return .joined(flight: flight.id, timer: nil) }
        flight.timer = waiting.deadline
        return .joined(flight: flight.id, timer: flight.timer)
    }

    /// Keeps a timer's task with its flight. False when the flight is over, and the task is to be cancelled.
    mutating func keep(_ task: Task<Void, Never>, key: Key, flight: UInt64) -> Bool {
        guard var current = find(key, flight) else { return false }
        current.tasks.append(task)
        put(current, key)
        return true
    }

    private func find(_ key: Key, _ id: UInt64) -> Flight? {
        if let flight = flights[key], flight.id == id { return flight }
        return replaced[id]
    }

    private mutating func put(_ flight: Flight, _ key: Key) {
        if flights[key]?.id == flight.id { flights[key] = flight } else { replaced[flight.id] = flight }
    }

    private mutating func remove(_ key: Key, _ id: UInt64) -> Flight? {
        if flights[key]?.id == id { return flights.removeValue(forKey: key) }
        return replaced.removeValue(forKey: id)
    }

    /// Ends a flight: everyone to tell, and the tasks to cancel. Empty when it was given up before.
    mutating func finish(_ key: Key, flight: UInt64) -> (waiters: [Waiter], tasks: [Task<Void, Never>]) {
        guard let ended = remove(key, flight) else { return ([], []) }
        return (ended.waiters.map(\.waiter), ended.tasks)
    }

    /// Ends every flight of a key, replaced ones too: everyone to tell, and the tasks to cancel.
    mutating func abandon(_ key: Key) -> (waiters: [Waiter], tasks: [Task<Void, Never>]) {
        let ended = [flights.removeValue(forKey: key)].compactMap { $0 } + replaced.values.filter { $0.key == key }
        for flight in ended { replaced[flight.id] = nil }
        return (ended.flatMap { $0.waiters.map(\.waiter) }, ended.flatMap(\.tasks))
    }

    /// What has run out by `now`.
    enum Expired {
        /// These waiters' time is up; the flight goes on, with its next timer at `timer`.
        case waiters([Waiter], timer: MonotonicTime)
        /// The flight's own time is up: it is given up, these are told, these tasks cancelled.
        case flight([Waiter], [Task<Void, Never>])
        /// The flight is over already.
        case nothing
    }

    mutating func expire(_ key: Key, flight: UInt64, now: MonotonicTime) -> Expired {
        guard var current = find(key, flight) else { return .nothing }
        if now >= current.deadline {
            _ = remove(key, flight)
            return .flight(current.waiters.map(\.waiter), current.tasks)
        }
        let due = current.waiters.filter { now >= $0.deadline }
        current.waiters.removeAll { now >= $0.deadline }
        current.timer = current.waiters.reduce(current.deadline) { min($0, $1.deadline) }
        put(current, key)
        return .waiters(due.map(\.waiter), timer: current.timer)
    }
}
