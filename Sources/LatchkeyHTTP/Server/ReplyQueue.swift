/// The replies of one connection in the order of their requests (RFC 9112 §9.3.2): a reply that is ready early waits
/// until all before it are out.
package struct ReplyQueue {
    /// Names a request of one connection, counted from 0.
    package typealias Sequence = UInt64

    private enum Slot {
        /// The request is with a handler that answers later.
        case waiting
        /// Answered before an earlier request was.
        case ready([UInt8])
    }

    private var slots: [Slot] = []
    private var first: Sequence = 0

    package init() {}

    /// Requests not yet answered on the wire.
    package var count: Int { slots.count }

    package var isEmpty: Bool { slots.isEmpty }

    /// A request whose reply comes later takes its place in the order.
    package mutating func wait() -> Sequence {
        slots.append(.waiting)
        return first + UInt64(slots.count) - 1
    }

    /// A reply that is there already but stands behind waiting ones.
    package mutating func append(ready reply: [UInt8]) { slots.append(.ready(reply)) }

    /// Whether `sequence` still waits: a second reply to one request is dropped by its asking this.
    package func isWaiting(_ sequence: Sequence) -> Bool {
        guard sequence >= first, sequence - first < UInt64(slots.count) else { return false }
        if case .waiting = slots[Int(sequence - first)] { return true }
        return false
    }

    /// Puts the reply to `sequence` in its place.
    package mutating func fulfil(_ sequence: Sequence, with reply: [UInt8]) {
        guard isWaiting(sequence) else { return }
        slots[Int(sequence - first)] = .ready(reply)
    }

    /// Moves every reply whose turn has come to the end of `output`.
    package mutating func drain(into output: inout [UInt8]) {
        var taken = 0
        while taken < slots.count, case .ready(let reply) = slots[taken] {
            output.append(contentsOf: reply)
            taken += 1
        }
        slots.removeFirst(taken)
        first += UInt64(taken)
    }
}
