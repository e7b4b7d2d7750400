/// The replies of one connection in the order of their requests (RFC 9112 §9.3.2). A reply that is ready early waits
/// until all before it are out.
///
/// A reply that is given later is kept as what renders it, and rendered when its turn has come: many that wait behind a
/// slow reader then cost what they share, and not a copy each.
package struct ReplyQueue {
    /// Names a request of one connection, counted from 0.
    package typealias SequenceNumber = UInt64
    /// Writes one reply.
    package typealias Renderer = @Sendable (ReplyWriter) -> Void

    /// A reply whose turn has come.
    package enum Due {
        case bytes([UInt8])
        case deferred(DeferredReply, Renderer)
    }

    private enum Slot {
        /// The request is with a handler that answers later.
        case waiting
        case ready(Due)
    }

    private var slots: [Slot] = []
    private var firstNumber: SequenceNumber = 0
    /// The request behind which no other is taken until its reply is out.
    private var blockingNumber: SequenceNumber?
    /// Bytes rendered that stand behind replies not yet there.
    package private(set) var renderedBytes = 0

    package init() {}

    /// Requests not yet answered on the wire.
    package var count: Int { slots.count }

    package var isEmpty: Bool { slots.isEmpty }

    /// Another request may be taken behind those that wait.
    package var acceptsMore: Bool { blockingNumber == nil }

    /// The first reply is there.
    package var isDue: Bool {
        if case .ready = slots.first { true } else { false }
    }

    /// A request whose reply comes later takes its place in the order.
    /// - Parameter blockingNumber: no further request of the connection is taken before this reply is out.
    package mutating func reserve(blocksPipeline: Bool = false) -> SequenceNumber {
        slots.append(.waiting)
        let sequence = firstNumber + UInt64(slots.count) - 1
        if blocksPipeline { blockingNumber = sequence }
        return sequence
    }

    /// A reply that is there already but stands behind waiting ones.
    package mutating func append(ready reply: [UInt8]) {
        renderedBytes += reply.count
        slots.append(.ready(.bytes(reply)))
    }

    /// Whether `sequence` still waits.
    package func isWaiting(_ sequence: SequenceNumber) -> Bool {
        guard sequence >= firstNumber, sequence - firstNumber < UInt64(slots.count) else { return false }
        if case .waiting = slots[Int(sequence - firstNumber)] { return true }
        return false
    }

    /// Puts the reply to `sequence` in its place. A second reply to one request is dropped.
    package mutating func resolve(_ sequence: SequenceNumber, with reply: Due) {
        guard isWaiting(sequence) else { return }
        if case .bytes(let bytes) = reply { renderedBytes += bytes.count }
        slots[Int(sequence - firstNumber)] = .ready(reply)
    }

    /// Takes the first reply out if it is there.
    package mutating func popDue() -> Due? {
        guard case .ready(let due) = slots.first else { return nil }
        slots.removeFirst()  // a pipeline's depth of entries at the most
        if blockingNumber == firstNumber { blockingNumber = nil }
        firstNumber += 1
        if case .bytes(let bytes) = due { renderedBytes -= bytes.count }
        return due
    }

    /// The connection is gone: nobody reads what is left.
    package mutating func removeAll() {
        slots = []
        renderedBytes = 0
    }
}
