internal import LatchkeyCore
internal import LatchkeyNet

/// Accepts what waits in the queues of sockets on which nothing listens any more. Their peers see these connections as
/// open, and closing the sockets would reset them. Each socket closes once its queue is empty, unless another process
/// has it as well.
final class BacklogDrain {
    /// Other connections have a turn in between.
    private static let maxAcceptsPerTurn = 64

    private var sockets: [ListeningSocket]
    private let limits: ServerLimits
    private let distributor: (ListenerTraits) -> ConnectionDistributor
    private let deadline: MonotonicTime
    private let onEnd: () -> Void

    /// - Parameters:
    ///   - distributor: gives the connections of such a listener to workers.
    ///   - deadline: when the drain ends, whatever is left.
    ///   - onEnd: called once all queues are empty, or at the deadline.
    init(
        sockets: [ListeningSocket], limits: ServerLimits,
        distributor: @escaping (ListenerTraits) -> ConnectionDistributor, deadline: MonotonicTime,
        onEnd: @escaping () -> Void
    ) {
        self.sockets = sockets
        self.limits = limits
        self.distributor = distributor
        self.deadline = deadline
        self.onEnd = onEnd
    }

    /// Accepts connections, in this turn and further ones.
    func run(on loop: EventLoop) {
        for _ in 0..<Self.maxAcceptsPerTurn {
            guard let socket = sockets.last else { return onEnd() }
            let distributor = distributor(socket.traits)
            if distributor.isFull { return resume(after: limits.headroomPause, on: loop) }
            do throws(SystemError) {
                if let accepted = try socket.accept() {
                    distributor.distribute(accepted, socket.traits, on: loop)
                } else {
                    sockets.removeLast()
                }
            } catch {
                return resume(after: limits.acceptPause, on: loop)
            }
        }
        resume(after: .zero, on: loop)
    }

    private func resume(after pause: Duration, on loop: EventLoop) {
        if loop.now >= deadline {
            sockets = []
            return onEnd()
        }
        // A strong reference: nothing else holds this object.
        loop.schedule(at: loop.now + max(pause, .nanoseconds(1))) { loop in self.run(on: loop) }
    }
}
