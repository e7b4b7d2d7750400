internal import Synchronization

/// Whether the caller of a connection is still there, as far as its end of the stream tells: set by the connection's
/// loop, read from any thread.
final class DisconnectFlag: Sendable {
    private let hasLeft = Atomic<Bool>(false)

    var isThere: Bool { !hasLeft.load(ordering: .relaxed) }

    func leave() { hasLeft.store(true, ordering: .relaxed) }
}
