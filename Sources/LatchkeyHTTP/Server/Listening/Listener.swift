internal import LatchkeyCore
internal import LatchkeyNet

/// Accepts connections on one loop and hands each to the worker whose turn it is.
///
/// One loop accepts for all: connections are then dealt out evenly, which the kernel does for neither a shared
/// descriptor nor `SO_REUSEPORT`, and keep-alive makes an uneven deal last.
final class Listener: EventHandler {
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

    /// Accepts nothing more, after those the kernel has queued: they were promised an answer, and would meet a reset.
    func stop(on loop: EventLoop) {
        ready(.read, on: loop)
        if let id { loop.unregister(id, descriptor: socket.socket.descriptor) }
        id = nil
    }

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        // A bounded batch: a flood of connections must not starve the ones already there.
        for _ in 0..<64 {
            // Connections past the headroom stay in the kernel's queue until the workers have closed others.
            if connectionCounter.isFull { return pauseAccepting(limits.headroomPause, on: loop) }
            do {
                guard let accepted = try socket.socket.accept() else { return }
                distribute(accepted, connectionCounter.add(), loop)
            } catch {
                return pauseAccepting(limits.acceptPause, on: loop)
            }
        }
    }

    /// Level-triggered readiness would spin where nothing can be accepted (past the headroom, or out of descriptors, which
    /// is EMFILE), so accepting pauses.
    private func pauseAccepting(_ pause: Duration, on loop: EventLoop) {
        guard let id else { return }
        loop.setInterest([], of: id, descriptor: socket.socket.descriptor)
        loop.schedule(at: loop.now + pause) { [weak self] loop in
            guard let self, let id = self.id else { return }
            loop.setInterest(.read, of: id, descriptor: self.socket.socket.descriptor)
        }
    }
}
