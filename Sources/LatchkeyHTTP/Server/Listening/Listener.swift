internal import LatchkeyCore
internal import LatchkeyNet

/// Accepts connections of one listening socket on the event loop of one worker.
///
/// Each worker has a listener for each socket, and the first one also for those of the probe listener. The kernel wakes
/// one of them for a connection (`EPOLLEXCLUSIVE`). Whether its connections use TLS is one of its ``ListenerTraits``;
/// ``WorkerTLS`` has the certificates.
final class Listener: EventHandler {
    /// The rest is left to other workers, and a flood of connections must not starve those already accepted.
    private static let maxAcceptsPerTurn = 16

    private let socket: ListeningSocket
    private let limits: ServerLimits
    private let distributor: ConnectionDistributor
    private var id: ChannelID?
    private var isStopped = false

    init(socket: ListeningSocket, limits: ServerLimits, distributor: ConnectionDistributor) {
        self.socket = socket
        self.limits = limits
        self.distributor = distributor
    }

    func start(on loop: EventLoop) throws(SystemError) {
        id = try loop.register(self, descriptor: socket.socket.descriptor, interest: [.read, .exclusive])
    }

    /// Stops accepting. Connections stay in the kernel's queue, for other listeners or ``BacklogDrain``.
    func stop(on loop: EventLoop) {
        isStopped = true
        unregister(on: loop)
    }

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        for _ in 0..<Self.maxAcceptsPerTurn {
            // Further connections stay in the kernel's queue until the workers have closed some.
            if distributor.isFull { return pause(limits.headroomPause, on: loop) }
            do throws(SystemError) {
                guard let accepted = try socket.accept() else { return }
                distributor.distribute(accepted, socket.traits, on: loop)
            } catch {
                return pause(limits.acceptPause, on: loop)
            }
        }
    }

    /// Stops accepting for a while. While the headroom is used up, or descriptors are (EMFILE), the level-triggered
    /// readiness of the listening socket would keep the loop busy.
    private func pause(_ pause: Duration, on loop: EventLoop) {
        unregister(on: loop)
        loop.schedule(at: loop.now + pause) { [weak self] loop in
            guard let self, !isStopped, id == nil else { return }
            // Fails only if the kernel has no memory.
            if (try? start(on: loop)) == nil { self.pause(limits.acceptPause, on: loop) }
        }
    }

    /// The interest of an exclusive registration cannot be changed, so a pause ends it (epoll_ctl(2)).
    private func unregister(on loop: EventLoop) {
        if let id { loop.unregister(id, descriptor: socket.socket.descriptor) }
        id = nil
    }
}
