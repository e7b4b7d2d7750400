/// Decides which connection of one destination carries which request. A pure value: the caller carries out the decisions.
///
/// A request without an idle connection opens a new one, up to ``maxConnections``. Further requests wait, up to
/// ``maxWaiting``, and more are rejected.
package struct ConnectionPool {
    package typealias RequestID = UInt64
    package typealias ConnectionID = UInt64

    /// What the caller must do with a new request.
    package enum Assignment: Equatable {
        /// Send the request on this idle connection.
        case reuse(ConnectionID)
        /// Open a connection with this id for the request.
        case connect(ConnectionID)
        /// The request waits for ``released(_:)`` or ``closed(_:)``.
        case wait
        /// Too many requests wait.
        case reject
    }

    /// What the caller must do when a connection is released or closed.
    package enum Next: Equatable {
        /// Send the request on the connection.
        case send(RequestID, on: ConnectionID)
        /// Open a connection for the request.
        case connect(ConnectionID, for: RequestID)
        /// Keep the connection until its idle timeout.
        case keepIdle
        case nothing
    }

    /// The maximum number of open connections.
    package let maxConnections: Int
    /// The maximum number of waiting requests.
    package let maxWaiting: Int
    private var idle: [ConnectionID] = []
    private var open: Set<ConnectionID> = []
    private var waiting: [RequestID] = []
    private var serial: ConnectionID = 0

    package init(maxConnections: Int, maxWaiting: Int) {
        self.maxConnections = maxConnections
        self.maxWaiting = maxWaiting
    }

    /// Whether no connection is open and no request waits.
    package var isEmpty: Bool { open.isEmpty && waiting.isEmpty }

    /// Assigns a new request.
    ///
    /// - Parameter requiresNew: the request must not reuse an idle connection, because the peer had closed the last one.
    package mutating func assign(_ request: RequestID, requiresNew: Bool) -> Assignment {
        // The peer is least likely to have closed the connection that was used last.
        if !requiresNew, let connection = idle.popLast() { return .reuse(connection) }
        if open.count < maxConnections { return .connect(newConnection()) }
        if waiting.count >= maxWaiting { return .reject }
        waiting.append(request)
        return .wait
    }

    /// Removes a waiting request.
    package mutating func cancel(_ request: RequestID) { waiting.removeAll { $0 == request } }

    /// A connection has completed its request and may carry another.
    package mutating func released(_ connection: ConnectionID) -> Next {
        guard open.contains(connection) else { return .nothing }
        if !waiting.isEmpty { return .send(waiting.removeFirst(), on: connection) }
        idle.append(connection)
        return .keepIdle
    }

    /// A connection is closed.
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
