internal import Synchronization

/// How many connections all workers hold together, against the cap.
package final class ConnectionCensus: Sendable {
    /// What becomes of one more connection.
    enum Admission: Equatable {
        case admitted
        /// Past the cap but inside the headroom: heard, and told 503 unless it is a liveness probe.
        case overCapacity
        /// Past the headroom too: closed unheard.
        case refused
    }

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

    /// Counts one in. A refused one is not counted.
    func admit() -> Admission {
        let count = present.add(1, ordering: .relaxed).newValue
        changed(1)
        if count <= cap { return .admitted }
        if count <= cap + headroom { return .overCapacity }
        left()
        return .refused
    }

    /// Counts one out.
    func left() {
        present.subtract(1, ordering: .relaxed)
        changed(-1)
    }
}
