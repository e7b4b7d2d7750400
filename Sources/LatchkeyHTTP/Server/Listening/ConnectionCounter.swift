internal import Synchronization

/// How many connections all workers hold together, against the cap.
package final class ConnectionCounter: Sendable {
    private let present = Atomic<Int>(0)
    private let cap: Int
    private let headroom: Int
    private let changed: @Sendable (Int) -> Void

    init(cap: Int, headroom: Int, changed: @escaping @Sendable (Int) -> Void) {
        self.cap = cap
        self.headroom = headroom
        self.changed = changed
    }

    /// Connections open now.
    package var count: Int { present.load(ordering: .relaxed) }

    /// No further connection may be accepted, not even to be told so: the headroom is full too.
    var isFull: Bool { count >= cap + headroom }

    /// Counts one in.
    /// - Returns: whether it is past the cap.
    func admit() -> Bool {
        let count = present.add(1, ordering: .relaxed).newValue
        changed(1)
        return count > cap
    }

    /// Counts one out.
    func left() {
        present.subtract(1, ordering: .relaxed)
        changed(-1)
    }
}
