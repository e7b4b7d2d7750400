internal import LatchkeyNet
internal import Synchronization

/// The number of connections of one worker, for the other workers.
final class WorkerLoad: Sendable {
    /// The event loop of the worker.
    let loop: LoopHandle
    private let open = Atomic<Int>(0)

    init(loop: LoopHandle) { self.loop = loop }

    /// The connections that the worker has, and those that are on their way to it.
    var connections: Int { open.load(ordering: .relaxed) }

    func add() { open.add(1, ordering: .relaxed) }

    func remove() { open.subtract(1, ordering: .relaxed) }
}
