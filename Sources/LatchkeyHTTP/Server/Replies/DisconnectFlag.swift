internal import Synchronization

/// Whether the peer of a connection has closed its side. The event loop sets it; any thread may read it.
final class DisconnectFlag: Sendable {
    private let isSet = Atomic<Bool>(false)

    var isConnected: Bool { !isSet.load(ordering: .relaxed) }

    func set() { isSet.store(true, ordering: .relaxed) }
}
