internal import Synchronization

/// Counts the open connections of all workers against the cap.
package final class ConnectionCounter: Sendable {
    private let open = Atomic<Int>(0)
    private let cap: Int
    private let headroom: Int
    private let onChange: @Sendable (Int) -> Void

    init(cap: Int, headroom: Int, onChange: @escaping @Sendable (Int) -> Void) {
        self.cap = cap
        self.headroom = headroom
        self.onChange = onChange
    }

    /// The number of open connections.
    package var count: Int { open.load(ordering: .relaxed) }

    /// Whether cap and headroom are used up: no connection may be accepted, not even to answer it with 503.
    var isFull: Bool { count >= cap + headroom }

    /// Counts a new connection.
    ///
    /// - Returns: whether it is over the cap.
    func add() -> Bool {
        let count = open.add(1, ordering: .relaxed).newValue
        onChange(1)
        return count > cap
    }

    /// Counts a closed connection.
    func remove() {
        open.subtract(1, ordering: .relaxed)
        onChange(-1)
    }
}
