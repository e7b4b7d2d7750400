internal import LatchkeyCore

/// A rendered reply that waits until its delay has ended (``RequestContext/delayReply(by:)``).
struct DelayedReply {
    let sequence: ReplyQueue.SequenceNumber
    private let bytes: [UInt8]
    private let closes: Bool
    /// When it leaves, in nanoseconds of the clock of the event loop.
    let until: Int64

    /// - Parameter closes: whether it announces that the connection closes.
    init(_ bytes: [UInt8], sequence: ReplyQueue.SequenceNumber, closes: Bool, until: MonotonicTime) {
        (self.bytes, self.sequence, self.closes, self.until) = (bytes, sequence, closes, until.nanoseconds)
    }

    /// The bytes to send.
    ///
    /// - Parameter isLast: whether no further reply follows. It announces then that the connection closes (RFC 9112 §9.6).
    func bytes(isLast: Bool) -> [UInt8] {
        guard isLast, !closes, let end = bytes.firstIndex(of: 0x0A) else { return bytes }
        return Array(bytes[...end]) + Array("Connection: close\r\n".utf8) + bytes[(end + 1)...]
    }
}
