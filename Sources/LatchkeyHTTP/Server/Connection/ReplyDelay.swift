internal import LatchkeyCore

/// The delay of one reply of a connection, at most one at a time (``RequestContext/delayReply(by:)``).
struct ReplyDelay {
    private let counter: DelayedReplyCounter
    /// For the current request. It has a place of ``counter``.
    private var duration: Duration?
    /// The reply whose delay has not ended. It has such a place too.
    private var held: DelayedReply?

    init(_ counter: DelayedReplyCounter) { self.counter = counter }

    /// When the delay of a reply ends, in nanoseconds of the clock of the event loop; nil if none is delayed.
    var end: Int64? { held?.until }

    /// Delays the reply to the current request.
    ///
    /// - Returns: false if there is no place.
    mutating func begin(_ duration: Duration) -> Bool {
        if self.duration != nil { return true }
        guard counter.acquire() else { return false }
        self.duration = duration
        return true
    }

    /// Holds back what was rendered into `buffer` from `start` on, if the reply is delayed.
    mutating func hold(_ buffer: ReplyBuffer, from start: Int, in output: inout ConnectionOutput) -> Bool {
        guard let duration = duration.take() else { return false }
        held = output.delay(buffer, from: start, until: buffer.now + duration)
        return true
    }

    /// Ends the delay, and returns the reply; nil if none is delayed.
    mutating func release() -> DelayedReply? {
        guard let reply = held.take() else { return nil }
        counter.release()
        return reply
    }

    /// Gives up the delay of a reply that is not sent, or comes later.
    mutating func drop() {
        if duration.take() != nil { counter.release() }
        if held.take() != nil { counter.release() }
    }
}
