internal import Synchronization

/// How many connections all workers hold together, against the cap.
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

    /// Connections open now.
    package var count: Int { open.load(ordering: .relaxed) }

    /// No further connection may be accepted, not even to be told so: the headroom is full too.
    var isFull: Bool { count >= cap + headroom }

    /// Counts one in.
    /// - Returns: whether it is past the cap.
    func add() -> Bool {
        let count = open.add(1, ordering: .relaxed).newValue
        onChange(1)
        return count > cap
    }

    /// Counts one out.
    func remove() {
        open.subtract(1, ordering: .relaxed)
        onChange(-1)
    }
}
