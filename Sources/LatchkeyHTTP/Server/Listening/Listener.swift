internal import LatchkeyCore
internal import LatchkeyNet

/// Accepts connections on one event loop and passes each to the next worker.
///
/// One loop accepts for all workers, because that distributes connections evenly. The kernel does not, neither for a
/// shared descriptor nor with `SO_REUSEPORT`, and keep-alive makes an uneven distribution last.
final class Listener: EventHandler {
    /// A flood of connections must not starve those already accepted.
    private static let maxAcceptsPerTurn = 64

    private let socket: ListeningSocket
    private let connectionCounter: ConnectionCounter
    private let limits: ServerLimits
    private let distribute: (consuming Socket, _ isOverCapacity: Bool, EventLoop) -> Void
    private var id: ChannelID?

    init(
        socket: ListeningSocket, connectionCounter: ConnectionCounter, limits: ServerLimits,
        distribute: @escaping (consuming Socket, Bool, EventLoop) -> Void
    ) {
        self.socket = socket
        self.connectionCounter = connectionCounter
        self.limits = limits
        self.distribute = distribute
    }

    func start(on loop: EventLoop) throws(SystemError) {
        id = try loop.register(self, descriptor: socket.socket.descriptor, interest: .read)
    }

    /// Stops accepting, after the connections in the kernel's queue: their peers see them as open, and closing the
    /// listening socket would reset them.
    func stop(on loop: EventLoop) {
        ready(.read, on: loop)
        if let id { loop.unregister(id, descriptor: socket.socket.descriptor) }
        id = nil
    }

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        for _ in 0..<Self.maxAcceptsPerTurn {
            // Further connections stay in the kernel's queue until the workers have closed some.
            if connectionCounter.isFull { return pauseAccepting(limits.headroomPause, on: loop) }
            do {
                guard let accepted = try socket.socket.accept() else { return }
                distribute(accepted, connectionCounter.add(), loop)
            } catch {
                return pauseAccepting(limits.acceptPause, on: loop)
            }
        }
    }

    /// Stops accepting for a while. While the headroom is used up, or descriptors are (EMFILE), the level-triggered
    /// readiness of the listening socket would keep the loop busy.
    private func pauseAccepting(_ pause: Duration, on loop: EventLoop) {
        guard let id else { return }
        loop.setInterest([], of: id, descriptor: socket.socket.descriptor)
        loop.schedule(at: loop.now + pause) { [weak self] loop in
            guard let self, let id = self.id else { return }
            loop.setInterest(.read, of: id, descriptor: self.socket.socket.descriptor)
        }
    }
}
