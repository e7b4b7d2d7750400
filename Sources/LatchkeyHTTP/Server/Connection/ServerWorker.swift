internal import LatchkeyCore
internal import LatchkeyNet

/// What all connections of one loop share: the buffers, the handler, the limits, the count.
///
/// Buffers belong to the loop, so that an idle connection costs its object alone.
final class ServerWorker {
    let loop: LoopHandle
    let limits: ServerLimits
    let timeouts: ConnectionTimeouts
    let reply: ReplyWriter
    let context: RequestContext
    let handler: RequestHandler
    let reject: (ServerRefusal, ReplyWriter) -> Void
    let receiveBuffer: UnsafeMutableRawBufferPointer
    let connectionCounter: ConnectionCounter
    /// What the connection whose turn it is may still do.
    var budget: WorkBudget
    private(set) var connections: [ChannelID: ServerConnection] = [:]
    /// Connections that may be closed for newer ones: those that have brought no valid request.
    private var evictable = EvictionQueue()
    /// Connections past the cap.
    private var overCapacity = EvictionQueue()
    /// This worker's part of ``ServerLimits/connectionHeadroom``.
    private let headroom: Int
    /// The listeners that run on this worker's loop: on the first worker alone.
    var listeners: [Listener] = []
    private(set) var isDraining = false
    private var onDrained: (() -> Void)?

    init(
        loop: LoopHandle, limits: ServerLimits, headroom: Int, connectionCounter: ConnectionCounter,
        wallTime: @escaping () -> WallTime, handler: RequestHandler,
        reject: @escaping (ServerRefusal, ReplyWriter) -> Void
    ) {
        self.loop = loop
        self.limits = limits
        self.headroom = headroom
        self.connectionCounter = connectionCounter
        self.handler = handler
        self.reject = reject
        timeouts = ConnectionTimeouts(limits)
        budget = WorkBudget(requests: limits.turnRequests, time: limits.turnTime)
        reply = ReplyWriter(wallTime: wallTime)
        context = RequestContext(reply: reply)
        receiveBuffer = .allocate(byteCount: 64 * 1024, alignment: 16)
    }

    deinit { receiveBuffer.deallocate() }

    // MARK: Connections

    /// Takes in a connection that was accepted on this loop or another.
    /// - Parameter isOverCapacity: it is one past the cap. It then takes the place of one that has brought nothing.
    func adopt(_ socket: consuming Socket, isOverCapacity: Bool, on loop: EventLoop) {
        let isOver = isOverCapacity && !evictOldest(on: loop)
        let connection = ServerConnection(socket: socket, worker: self, isOverCapacity: isOver, now: loop.now)
        guard let id = connection.register(on: loop) else { return connectionCounter.remove() }
        connections[id] = connection
        if isOver {
            overCapacity.append(id, isCurrent: isOverCapacity(_:))
        } else {
            evictable.append(id, isCurrent: isEvictable)
        }
        if isDraining { connection.beginDraining(on: loop) }
        guard isOverCapacity else { return }
        // Its request may have come with it, and it may be the next to be closed.
        connection.ready(.read, on: loop)
        if overCapacity.count(where: isOverCapacity(_:)) > headroom { evictOldestOverCapacity(on: loop) }
    }

    /// Closes the oldest connection that has brought no valid request. False where there is none.
    private func evictOldest(on loop: EventLoop) -> Bool {
        while let id = evictable.popOldest() {
            guard isEvictable(id), let connection = connections[id] else { continue }
            if connection.evict(on: loop) { return true }
        }
        return false
    }

    /// Closes the oldest connection past the cap.
    private func evictOldestOverCapacity(on loop: EventLoop) {
        while let id = overCapacity.popOldest() {
            if connections[id]?.evict(on: loop) ?? false { return }
        }
    }

    private func isEvictable(_ id: ChannelID) -> Bool { connections[id].map { !$0.hasValidRequest } ?? false }

    private func isOverCapacity(_ id: ChannelID) -> Bool { connections[id] != nil }

    /// A turn of one connection begins.
    func beginTurn(on loop: EventLoop) {
        reply.now = loop.now
        reply.started = loop.now
        budget.begin()
    }

    /// A connection is gone.
    func remove(_ id: ChannelID) {
        connections[id] = nil
        connectionCounter.remove()
        reportIfDrained()
    }

    /// Ends every connection: those between requests after a grace, the others after their replies.
    func drain(on loop: EventLoop, onDrained: @escaping () -> Void) {
        for listener in listeners { listener.stop(on: loop) }
        listeners = []
        isDraining = true
        self.onDrained = onDrained
        for connection in Array(connections.values) { connection.beginDraining(on: loop) }
        reportIfDrained()
    }

    /// Cuts what is left when the drain's time is over.
    func closeAll(on loop: EventLoop) {
        for connection in Array(connections.values) { connection.close(on: loop) }
    }

    private func reportIfDrained() {
        guard isDraining, connections.isEmpty else { return }
        onDrained?()
        onDrained = nil
    }
}
