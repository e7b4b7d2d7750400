internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyNet

/// The state that all connections of one event loop share: buffers, handler, limits and counters.
///
/// Buffers belong to the event loop and not to connections, so that an idle connection needs little memory.
final class ServerWorker {
    let loop: LoopHandle
    let limits: ServerLimits
    let timeouts: ConnectionTimeouts
    let reply: ReplyBuffer
    let context: RequestContext
    let handler: RequestHandler
    private let reject: (ServerRejection, consuming ReplyWriter) -> ReplyReceipt
    let receiveBuffer: UnsafeMutableRawBufferPointer
    let connectionCounter: ConnectionCounter
    /// Counts the connections of the probe listener, which the first worker serves.
    let probeCounter: ConnectionCounter
    /// The budget of the connection whose turn it is.
    var budget: WorkBudget
    private(set) var connections: [ChannelID: ServerConnection] = [:]
    /// Connections without a valid request, which may be closed for newer ones.
    private var evictable = EvictionQueue()
    /// Connections over the cap.
    private var overCapacity = EvictionQueue()
    /// Connections whose TLS handshake waits for the peer.
    private var handshaking = EvictionQueue()
    /// Connections of the probe listener.
    private var probes = EvictionQueue()
    /// Those in ``handshaking``, so that each is there once.
    private var awaitedPeers: Set<ChannelID> = []
    /// The number of TLS handshakes that are not complete.
    private var handshakes = 0
    /// Nil on a server without TLS.
    let tls: WorkerTLS?
    private let reportHandshake: (HandshakeOutcome, () -> String) -> Void
    /// The listeners on the event loop of this worker. Only the first worker has any.
    var listeners: [Listener] = []
    private(set) var isDraining = false
    private var onDrained: (() -> Void)?

    /// - Parameter limits: those of this worker (``ServerLimits/shared(by:)``).
    init(
        loop: LoopHandle, limits: ServerLimits, connectionCounter: ConnectionCounter,
        wallTime: @escaping () -> WallTime, handler: RequestHandler,
        reject: @escaping (ServerRejection, consuming ReplyWriter) -> ReplyReceipt, tls: WorkerTLS?,
        handshakeEnded: @escaping (HandshakeOutcome, () -> String) -> Void
    ) {
        self.loop = loop
        self.limits = limits
        self.tls = tls
        reportHandshake = handshakeEnded
        self.connectionCounter = connectionCounter
        // One more is counted until the oldest is closed for it.
        probeCounter = ConnectionCounter(cap: limits.maxProbeConnections, headroom: 1, onChange: { _ in })
        self.handler = handler
        self.reject = reject
        timeouts = ConnectionTimeouts(limits)
        budget = WorkBudget(requests: limits.turnRequests, time: limits.turnTime)
        reply = ReplyBuffer(wallTime: wallTime)
        context = RequestContext(reply)
        receiveBuffer = .allocate(byteCount: 64 * 1024, alignment: 16)
    }

    deinit { receiveBuffer.deallocate() }

    // MARK: Connections

    /// Adds a connection that was accepted on this event loop or another.
    ///
    /// - Parameters:
    ///   - isOverCapacity: the connection is over the cap. It evicts the oldest connection without a valid request,
    ///     and is itself over capacity when there is none.
    ///   - traits: those of its listener.
    func adopt(_ socket: consuming Socket, isOverCapacity: Bool, traits: ListenerTraits, on loop: EventLoop) {
        let isOver = isOverCapacity && !evictOldest(on: loop)
        let session = traits.usesTLS ? tls?.makeSession() : nil
        // Out of memory. It must not become a plain connection.
        if traits.usesTLS, session == nil { return connectionCounter.remove() }
        let connection = makeConnection(
            ServerStream(socket, session: session), traits, isOverCapacity: isOver, on: loop)
        guard let id = connection.register(on: loop) else { return connectionCounter.remove() }
        connections[id] = connection
        if traits.usesTLS { handshakeBegan(id, on: loop) }
        if isOver {
            overCapacity.append(id, isCurrent: isOpen)
        } else {
            evictable.append(id, isCurrent: isEvictable)
        }
        if isDraining { connection.beginDraining(on: loop) }
        guard isOverCapacity else { return }
        // Read first: the request may have arrived with the connection, which may be the next to be evicted.
        connection.ready(.read, on: loop)
        if overCapacity.count(where: isOpen) > limits.connectionHeadroom {
            evictOldestOverCapacity(on: loop)
        }
    }

    private func makeConnection(
        _ stream: consuming ServerStream, _ traits: ListenerTraits, isOverCapacity: Bool, on loop: EventLoop
    ) -> ServerConnection {
        ServerConnection(
            stream: stream,
            pipeline: RequestPipeline(
                worker: self, listener: traits,
                deadlines: ConnectionDeadlines(openedAt: loop.now.nanoseconds, isOverCapacity: isOverCapacity)))
    }

    /// Adds a connection of the probe listener.
    ///
    /// - Parameter isOverCapacity: the connection is over the limit, and the oldest one is closed: a probe must be answered.
    func adoptProbe(_ socket: consuming Socket, isOverCapacity: Bool, traits: ListenerTraits, on loop: EventLoop) {
        if isOverCapacity { closeOldestProbe(on: loop) }
        let connection = makeConnection(ServerStream(socket, session: nil), traits, isOverCapacity: false, on: loop)
        guard let id = connection.register(on: loop) else { return probeCounter.remove() }
        connections[id] = connection
        probes.append(id, isCurrent: isOpen)
        if isDraining { connection.beginDraining(on: loop) }
    }

    private func closeOldestProbe(on loop: EventLoop) {
        while let id = probes.popOldest() {
            if let connection = connections[id] { return connection.close(on: loop) }
        }
    }

    /// Closes the oldest connection without a valid request.
    ///
    /// - Returns: false when there is none.
    private func evictOldest(on loop: EventLoop) -> Bool {
        while let id = evictable.popOldest() {
            guard isEvictable(id), let connection = connections[id] else { continue }
            if connection.evict(on: loop) { return true }
        }
        return false
    }

    /// Closes the oldest connection over the cap.
    private func evictOldestOverCapacity(on loop: EventLoop) {
        while let id = overCapacity.popOldest() {
            if connections[id]?.evict(on: loop) ?? false { return }
        }
    }

    // MARK: TLS handshakes

    /// Closes a connection if too many handshakes are unfinished: the one that has waited longest for its peer. If all have
    /// sent bytes that wait for their turn, it is the new one, so that those before it can complete.
    private func handshakeBegan(_ id: ChannelID, on loop: EventLoop) {
        handshakes += 1
        handshakeWaits(id)
        while handshakes > limits.maxHandshakes, let oldest = handshaking.popOldest() {
            awaitedPeers.remove(oldest)
            guard let connection = connections[oldest], connection.isHandshaking, !connection.isQueued else { continue }
            connection.close(on: loop, handshake: .refused)
        }
    }

    /// The handshake of a connection waits for its peer.
    func handshakeWaits(_ id: ChannelID) {
        if awaitedPeers.insert(id).inserted { handshaking.append(id, isCurrent: isHandshaking) }
    }

    /// Counts the end of the TLS handshake of a connection.
    func handshakeEnded(_ id: ChannelID, _ outcome: HandshakeOutcome, detail: () -> String) {
        handshakes -= 1
        awaitedPeers.remove(id)
        reportHandshake(outcome, detail)
    }

    private func isHandshaking(_ id: ChannelID) -> Bool { connections[id]?.isHandshaking ?? false }

    private func isEvictable(_ id: ChannelID) -> Bool { connections[id].map { !$0.hasValidRequest } ?? false }

    private func isOpen(_ id: ChannelID) -> Bool { connections[id] != nil }

    /// Starts the turn of a connection.
    func beginTurn(on loop: EventLoop) {
        reply.now = loop.now
        reply.started = loop.now
        budget.begin()
    }

    /// Writes a reply of the server itself.
    func write(_ rejection: ServerRejection) { _ = reject(rejection, ReplyWriter(reply)) }

    /// Removes a closed connection.
    func remove(_ id: ChannelID, isProbe: Bool) {
        connections[id] = nil
        (isProbe ? probeCounter : connectionCounter).remove()
        reportIfDrained()
    }

    /// Stops listening and ends every connection: after its replies, or after ``ServerLimits/drainIdleGrace`` when it is
    /// between requests.
    func drain(on loop: EventLoop, onDrained: @escaping () -> Void) {
        for listener in listeners { listener.stop(on: loop) }
        listeners = []
        isDraining = true
        self.onDrained = onDrained
        for connection in Array(connections.values) { connection.beginDraining(on: loop) }
        reportIfDrained()
    }

    /// Closes the connections that are left when the drain times out.
    func closeAll(on loop: EventLoop) {
        for connection in Array(connections.values) { connection.close(on: loop) }
    }

    private func reportIfDrained() {
        guard isDraining, connections.isEmpty else { return }
        onDrained?()
        onDrained = nil
    }
}
