internal import Synchronization

/// Whether the caller of a connection is still there, as far as its end of the stream tells: set by the connection's
/// loop, read from any thread.
final class DisconnectFlag: Sendable {
    private let isSet = Atomic<Bool>(false)

    var isConnected: Bool { !isSet.load(ordering: .relaxed) }

    func set() { isSet.store(true, ordering: .relaxed) }
}
