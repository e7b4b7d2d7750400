/// Which request goes on which connection of one origin: pure bookkeeping, the caller carries out what it returns.
///
/// A request that finds no idle connection gets a new one while there are fewer than the bound; past it requests wait
/// in line, and past the line's bound they are turned away.
package struct ConnectionPool {
    package typealias RequestID = UInt64
    package typealias ConnectionID = UInt64

    /// What becomes of a request.
    package enum Assignment: Equatable {
        /// Send it on this idle connection.
        case reuse(ConnectionID)
        /// Open a connection under this name for it.
        case connect(ConnectionID)
        /// It waits for ``released(_:reusable:)`` or ``closed(_:)``.
        case wait
        /// Too many wait already.
        case reject
    }

    /// What to do with a connection or a place that has come free.
    package enum Next: Equatable {
        /// Send the request on the connection.
        case send(RequestID, on: ConnectionID)
        /// Open a connection for the request.
        case connect(ConnectionID, for: RequestID)
        /// Keep the connection until its idle time is over.
        case keepIdle
        case nothing
    }

    /// Connections open at once.
    package let maxConnections: Int
    /// Requests in line.
    package let maxWaiting: Int
    private var idle: [ConnectionID] = []
    private var open: Set<ConnectionID> = []
    private var waiting: [RequestID] = []
    private var serial: ConnectionID = 0

    package init(maxConnections: Int, maxWaiting: Int) {
        self.maxConnections = maxConnections
        self.maxWaiting = maxWaiting
    }

    /// Nothing is open and nobody waits.
    package var isEmpty: Bool { open.isEmpty && waiting.isEmpty }

    /// A request arrives. `fresh` asks for a connection nobody has used: an idle one has just turned out to be dead.
    package mutating func assign(_ request: RequestID, requiresNew: Bool) -> Assignment {
        // The youngest idle connection is the least likely to have been closed by the peer.
        if !requiresNew, let connection = idle.popLast() { return .reuse(connection) }
        if open.count < maxConnections { return .connect(newConnection()) }
        if waiting.count >= maxWaiting { return .reject }
        waiting.append(request)
        return .wait
    }

    /// A request gave up while it waited.
    package mutating func cancel(_ request: RequestID) { waiting.removeAll { $0 == request } }

    /// A connection has finished its request and may carry another.
    package mutating func released(_ connection: ConnectionID) -> Next {
        guard open.contains(connection) else { return .nothing }
        if !waiting.isEmpty { return .send(waiting.removeFirst(), on: connection) }
        idle.append(connection)
        return .keepIdle
    }

    /// A connection is gone, whatever it was doing.
    package mutating func closed(_ connection: ConnectionID) -> Next {
        guard open.remove(connection) != nil else { return .nothing }
        idle.removeAll { $0 == connection }
        guard !waiting.isEmpty else { return .nothing }
        return .connect(newConnection(), for: waiting.removeFirst())
    }

    private mutating func newConnection() -> ConnectionID {
        serial += 1
        open.insert(serial)
        return serial
    }
}
