internal import LatchkeyCore
internal import LatchkeyNet

/// Why the server itself answers a request, without its handler.
package enum ServerRefusal: Hashable, Sendable {
    /// The head or the body breaks the grammar or a limit.
    case malformed(RequestRefusal)
    /// Head or body did not arrive in time: 408.
    case timedOut
    /// Past the connection cap: 503.
    case overloaded
    /// A handler wrote nothing: 500.
    case unanswered
}

/// What all connections of one loop share: the buffers, the handler, the limits, the count.
///
/// Buffers belong to the loop, so that an idle connection costs its object alone.
final class ServerWorker {
    let loop: LoopHandle
    let limits: ServerLimits
    let times: ConnectionTimes
    let reply: ReplyWriter
    let exchange: Exchange
    let handler: RequestHandler
    let refuse: (ServerRefusal, ReplyWriter) -> Void
    let scratch: UnsafeMutableRawBufferPointer
    let census: ConnectionCensus
    var connections: [ChannelID: ServerConnection] = [:]
    /// The listeners that run on this worker's loop: on the first worker alone.
    var listeners: [Listener] = []
    private(set) var isDraining = false
    private var whenDrained: (() -> Void)?

    init(
        loop: LoopHandle, limits: ServerLimits, census: ConnectionCensus, wallTime: @escaping () -> WallTime,
        handler: @escaping RequestHandler, refuse: @escaping (ServerRefusal, ReplyWriter) -> Void
    ) {
        self.loop = loop
        self.limits = limits
        self.census = census
        self.handler = handler
        self.refuse = refuse
        times = ConnectionTimes(limits)
        reply = ReplyWriter(wallTime: wallTime)
        exchange = Exchange(reply: reply)
        scratch = .allocate(byteCount: 64 * 1024, alignment: 16)
    }

    deinit { scratch.deallocate() }

    /// Takes in a connection that was accepted on this loop or another.
    func adopt(_ socket: consuming Socket, isOverCapacity: Bool, on loop: EventLoop) {
        let connection = ServerConnection(socket: socket, worker: self, isOverCapacity: isOverCapacity, now: loop.now)
        guard connection.register(on: loop) else { return census.left() }
        if isDraining { connection.beginDraining(on: loop) }
    }

    /// A connection is gone.
    func forget(_ id: ChannelID) {
        connections[id] = nil
        census.left()
        reportIfDrained()
    }

    /// Ends every connection: those between requests after a grace, the others after their replies.
    func drain(on loop: EventLoop, whenDrained: @escaping () -> Void) {
        for listener in listeners { listener.stop(on: loop) }
        listeners = []
        isDraining = true
        self.whenDrained = whenDrained
        for connection in Array(connections.values) { connection.beginDraining(on: loop) }
        reportIfDrained()
    }

    /// Cuts what is left when the drain's time is over.
    func closeAll(on loop: EventLoop) {
        for connection in Array(connections.values) { connection.close(on: loop) }
    }

    private func reportIfDrained() {
        guard isDraining, connections.isEmpty else { return }
        whenDrained?()
        whenDrained = nil
    }
}

/// The limits a connection checks on every turn, as plain nanoseconds.
struct ConnectionTimes {
    let head: Int64
    let request: Int64
    let idle: Int64
    let stalledWrite: Int64
    let linger: Int64
    let drainGrace: Int64

    init(_ limits: ServerLimits) {
        head = limits.headTimeout.clampedNanoseconds
        request = limits.requestTimeout.clampedNanoseconds
        idle = limits.idleTimeout.clampedNanoseconds
        stalledWrite = limits.stalledWriteTimeout.clampedNanoseconds
        linger = limits.lingerTimeout.clampedNanoseconds
        drainGrace = limits.drainIdleGrace.clampedNanoseconds
    }
}
