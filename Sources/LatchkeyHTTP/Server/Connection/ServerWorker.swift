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
    let delayedReplies: DelayedReplyCounter
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
    /// Gives the connections that this worker accepts to the workers.
    private let distributor: ConnectionDistributor
    /// Gives those of the probe listener to this worker; the first worker serves them all, because they are few.
    private let probeDistributor: ConnectionDistributor
    private var listeners: [Listener] = []
    /// Connections whose replies wait for the commit at the end of this turn.
    private var awaitingCommit: [ServerConnection] = []
    /// What they have held back.
    var held = HeldReplies()
    /// What is being released, and between two releases the memory of it.
    private var releasing: (connections: [ServerConnection], held: HeldReplies) = ([], HeldReplies())
    private(set) var isDraining = false
    private var onDrained: (() -> Void)?

    /// - Parameter limits: those of this worker (``ServerLimits/shared(by:)``).
    init(
        loop: LoopHandle, distributor: ConnectionDistributor, probeDistributor: ConnectionDistributor,
        delayedReplies: DelayedReplyCounter, limits: ServerLimits, wallTime: @escaping () -> WallTime,
        handler: RequestHandler,
        reject: @escaping (ServerRejection, consuming ReplyWriter) -> ReplyReceipt, tls: WorkerTLS?,
        handshakeEnded: @escaping (HandshakeOutcome, () -> String) -> Void
    ) {
        self.loop = loop
        self.distributor = distributor
        self.probeDistributor = probeDistributor
        self.limits = limits
        self.delayedReplies = delayedReplies
        self.tls = tls
        reportHandshake = handshakeEnded
        self.handler = handler
        self.reject = reject
        timeouts = ConnectionTimeouts(limits)
        budget = WorkBudget(requests: limits.turnRequests, time: limits.turnTime)
        reply = ReplyBuffer(wallTime: wallTime)
        context = RequestContext(reply)
        receiveBuffer = .allocate(byteCount: 64 * 1024, alignment: 16)
    }

    deinit { receiveBuffer.deallocate() }

    // MARK: Listening

    /// Accepts connections of a socket.
    ///
    /// - Throws: if the kernel has no memory for it.
    func listen(on socket: ListeningSocket, _ loop: EventLoop) throws(SystemError) {
        let listener = Listener(socket: socket, limits: limits, distributor: distributor(for: socket.traits))
        try listener.start(on: loop)
        listeners.append(listener)
    }

    /// Accepts no more connections.
    func stopListening(on loop: EventLoop) {
        for listener in listeners { listener.stop(on: loop) }
        listeners = []
    }

    /// Accepts what waits in the queues of sockets on which no worker listens, and closes them.
    func acceptQueued(
        _ sockets: [ListeningSocket], until deadline: MonotonicTime, on loop: EventLoop, onEnd: @escaping () -> Void
    ) {
        BacklogDrain(
            sockets: sockets, limits: limits, distributor: distributor(for:), deadline: deadline, onEnd: onEnd
        ).run(on: loop)
    }

    private func distributor(for traits: ListenerTraits) -> ConnectionDistributor {
        traits.isProbe ? probeDistributor : distributor
    }

    // MARK: Connections

    /// Adds a connection that was accepted on this event loop or another.
    ///
    /// - Parameters:
    ///   - isOverCapacity: the connection is over the cap. It evicts the oldest connection without a valid request,
    ///     and is itself over capacity when there is none.
    ///   - traits: those of its listener. One of the probe listener is never over capacity: the oldest such connection is
    ///     closed instead, because a probe must be answered.
    func adopt(_ socket: consuming Socket, isOverCapacity: Bool, traits: ListenerTraits, on loop: EventLoop) {
        if traits.isProbe { return adoptProbe(socket, isOverLimit: isOverCapacity, traits, on: loop) }
        let isOver = isOverCapacity && !evictOldest(on: loop)
        let session = traits.usesTLS ? tls?.makeSession() : nil
        // Out of memory. It must not become a plain connection.
        if traits.usesTLS, session == nil { return distributor.countClosed() }
        guard
            let (id, connection) = open(
                ServerStream(socket, isUnix: traits.isUnix, session: session), traits, isOverCapacity: isOver, on: loop)
        else { return }
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

    private func adoptProbe(
        _ socket: consuming Socket, isOverLimit: Bool, _ traits: ListenerTraits, on loop: EventLoop
    ) {
        if isOverLimit { closeOldestProbe(on: loop) }
        let stream = ServerStream(socket, isUnix: traits.isUnix, session: nil)
        guard let (id, connection) = open(stream, traits, isOverCapacity: false, on: loop) else { return }
        probes.append(id, isCurrent: isOpen)
        if isDraining { connection.beginDraining(on: loop) }
    }

    /// Registers a new connection. Nil when the kernel has no memory for it.
    private func open(
        _ stream: consuming ServerStream, _ traits: ListenerTraits, isOverCapacity: Bool, on loop: EventLoop
    ) -> (ChannelID, ServerConnection)? {
        let pipeline = RequestPipeline(
            worker: self, listener: traits, descriptor: stream.descriptor,
            deadlines: ConnectionDeadlines(openedAt: loop.now.nanoseconds, isOverCapacity: isOverCapacity))
        let connection = ServerConnection(stream: stream, pipeline: pipeline)
        guard let id = connection.register(on: loop) else {
            distributor(for: traits).countClosed()
            return nil
        }
        connections[id] = connection
        return (id, connection)
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

    // MARK: Commits

    /// Replies of a connection are held back until the end of the turn.
    func awaitCommit(of connection: ServerConnection) { awaitingCommit.append(connection) }

    /// Commits the turn, and sends the replies that were held back.
    func commitReplies(_ commit: ReplyCommit, on loop: EventLoop) {
        let isCommitted = commit.commit()
        if awaitingCommit.isEmpty { return }
        // Further replies may be held back meanwhile.
        swap(&releasing.connections, &awaitingCommit)
        swap(&releasing.held, &held)
        let refuse = isCommitted ? nil : commit.refuse
        for connection in releasing.connections { connection.committed(releasing.held, refuse: refuse, on: loop) }
        releasing.connections.removeAll(keepingCapacity: true)
        releasing.held.removeAll()
        // They have further requests. Those are committed at the end of the next turn, which comes at once.
        for connection in awaitingCommit { connection.resumeLater(on: loop) }
    }

    /// Writes a reply of the server itself.
    func write(_ rejection: ServerRejection) { _ = reject(rejection, ReplyWriter(reply)) }

    /// Removes a closed connection.
    func remove(_ id: ChannelID, of listener: ListenerTraits) {
        connections[id] = nil
        distributor(for: listener).countClosed()
        reportIfDrained()
    }

    /// Ends every connection: after its replies, or after ``ServerLimits/drainIdleGrace`` when it is
    /// between requests.
    func drain(on loop: EventLoop, onDrained: @escaping () -> Void) {
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
        // What the last turn has recorded must be written before the server counts as drained.
        _ = handler.commit?.commit()
        onDrained?()
        onDrained = nil
    }
}
