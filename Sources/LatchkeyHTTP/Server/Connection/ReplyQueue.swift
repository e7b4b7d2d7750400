/// The replies of one connection in the order of their requests (RFC 9112 §9.3.2). A reply that is ready early waits for
/// the replies before it.
///
/// A deferred reply is stored as the closure that renders it, and rendered when all replies before it have left. Replies
/// that wait behind a slow reader then share their data, instead of holding a copy each.
package struct ReplyQueue {
    /// The number of a request on its connection, counted from 0.
    package typealias SequenceNumber = UInt64
    /// Writes one reply.
    package typealias Renderer = @Sendable (consuming ReplyWriter) -> ReplyReceipt

    /// A reply that is ready to be sent or rendered.
    package enum Due {
        case bytes([UInt8])
        /// Bytes of a reply that waits for a commit.
        case uncommitted([UInt8], UncommittedReply)
        case deferred(DeferredReply, Renderer)
    }

    private enum Slot {
        /// The request is with a handler that answers later.
        case waiting
        case ready(Due)
    }

    private var slots: [Slot] = []
    private var firstNumber: SequenceNumber = 0
    /// The request whose reply must leave before a further request is accepted.
    private var blockingNumber: SequenceNumber?
    /// Whether a reply may wait for a commit.
    private(set) var hasUncommitted = false
    /// Rendered bytes that wait for replies before them.
    package private(set) var renderedBytes = 0

    package init() {}

    /// The number of requests whose reply has not left the queue.
    package var count: Int { slots.count }

    package var isEmpty: Bool { slots.isEmpty }

    /// Whether a further request may be accepted.
    package var acceptsMore: Bool { blockingNumber == nil }

    /// Whether the first reply is ready.
    package var isDue: Bool {
        if case .ready = slots.first { true } else { false }
    }

    /// Reserves the next place for a reply that comes later.
    ///
    /// - Parameter blocksPipeline: no further request of the connection is accepted before this reply has left.
    package mutating func reserve(blocksPipeline: Bool = false) -> SequenceNumber {
        slots.append(.waiting)
        let sequence = firstNumber + UInt64(slots.count) - 1
        if blocksPipeline { blockingNumber = sequence }
        return sequence
    }

    /// Appends a reply that is ready, behind replies that are not.
    ///
    /// - Parameter uncommitted: set if it waits for a commit; its range is that of the reply.
    package mutating func append(ready reply: [UInt8], uncommitted: UncommittedReply? = nil) {
        renderedBytes += reply.count
        guard let uncommitted else { return slots.append(.ready(.bytes(reply))) }
        slots.append(.ready(.uncommitted(reply, uncommitted)))
        hasUncommitted = true
    }

    /// Ends the waiting for a commit.
    ///
    /// - Parameter replacement: returns the bytes that leave in place of a reply; nil to let it leave.
    mutating func settle(_ replacement: ((UncommittedReply, [UInt8]) -> [UInt8])?) {
        guard hasUncommitted else { return }
        hasUncommitted = false
        for index in slots.indices {
            guard case .ready(.uncommitted(let bytes, let uncommitted)) = slots[index] else { continue }
            let settled = replacement?(uncommitted, bytes) ?? bytes
            renderedBytes += settled.count - bytes.count
            slots[index] = .ready(.bytes(settled))
        }
    }

    /// Whether the request has no reply yet.
    package func isWaiting(_ sequence: SequenceNumber) -> Bool {
        guard sequence >= firstNumber, sequence - firstNumber < UInt64(slots.count) else { return false }
        if case .waiting = slots[Int(sequence - firstNumber)] { return true }
        return false
    }

    /// Sets the reply of a request. A second reply to the same request is ignored.
    package mutating func resolve(_ sequence: SequenceNumber, with reply: Due) {
        guard isWaiting(sequence) else { return }
        if case .bytes(let bytes) = reply { renderedBytes += bytes.count }
        slots[Int(sequence - firstNumber)] = .ready(reply)
    }

    /// Removes and returns the first reply if it is ready.
    package mutating func popDue() -> Due? {
        guard case .ready(let due) = slots.first else { return nil }
        slots.removeFirst()  // linear, but the queue has at most the pipeline depth of entries
        if blockingNumber == firstNumber { blockingNumber = nil }
        firstNumber += 1
        switch due {
        case .bytes(let bytes), .uncommitted(let bytes, _): renderedBytes -= bytes.count
        case .deferred: break
        }
        return due
    }

    /// Drops all replies, because the connection is closed.
    package mutating func removeAll() {
        slots = []
        hasUncommitted = false
        renderedBytes = 0
    }
}
