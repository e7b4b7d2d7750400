package import LatchkeyCore

/// The proof that a request is answered, or that its reply is deferred. Only a consumed ``ReplyWriter`` gives one.
package struct ReplyReceipt: ~Copyable {
    private let buffer: ReplyBuffer
    /// Whether the reply comes later. Then ``status`` and ``fieldValue(_:)`` are those of another reply.
    package let isDeferred: Bool
    /// Whether the request will be handled again, from its head (``RequestContext/handleAgain(_:start:)``).
    package let isRepeated: Bool
    /// The source of the content, if the handler has noted it with ``from(_:)``, for its log.
    package private(set) var source: StaticString?
    /// What the reply is about, if the handler has noted it with ``about(_:)``, for its log.
    package private(set) var subject: AnyObject?

    init(_ buffer: ReplyBuffer, isDeferred: Bool = false, isRepeated: Bool = false) {
        self.buffer = buffer
        self.isRepeated = isRepeated
        self.isDeferred = isDeferred
    }

    /// The status of the reply.
    package var status: Int { buffer.status }

    /// When the request started, if the server itself answers it; otherwise the start of the turn.
    package var started: MonotonicTime { buffer.started }

    /// The value of a field of the reply; nil when it has no such field.
    ///
    /// - Parameter name: in the case in which it was written.
    package func fieldValue(_ name: StaticString) -> String? { buffer.fieldValue(name) }

    /// Holds the reply back until the end of the turn (``ReplyCommit``).
    ///
    /// - Parameter kind: given to ``ReplyCommit/refuse``.
    package func awaitCommit(kind: Int) { buffer.holdLast(kind: kind) }

    /// Notes what the reply is about.
    package consuming func about(_ subject: AnyObject?) -> ReplyReceipt {
        self.subject = subject
        return self
    }

    /// Notes the source of the content.
    package consuming func from(_ source: StaticString?) -> ReplyReceipt {
        self.source = source
        return self
    }
}
