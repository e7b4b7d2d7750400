internal import LatchkeyCore

/// The bytes of a turn that wait for a commit, because one of their replies does.
struct HeldReplies {
    private var bytes: [UInt8] = []
    private var replies: [UncommittedReply] = []

    /// Takes what is rendered, and leaves `buffer` empty.
    mutating func take(from buffer: ReplyBuffer) {
        let start = bytes.count
        bytes.append(contentsOf: buffer.output)
        for var reply in buffer.uncommitted {
            reply.range = (reply.range.lowerBound + start)..<(reply.range.upperBound + start)
            replies.append(reply)
        }
        buffer.uncommitted.removeAll(keepingCapacity: true)
        Wiping.removeAll(&buffer.output, keepingCapacity: true)
    }

    /// Moves the bytes back.
    ///
    /// - Parameter refuse: writes other replies in place of those that wait; nil to let them leave.
    consuming func release(into buffer: ReplyBuffer, refuse: ReplyCommit.Refuse?) {
        if let refuse {
            var position = 0
            for reply in replies {
                buffer.output.append(contentsOf: bytes[position..<reply.range.lowerBound])
                buffer.write(in: reply, refuse)
                position = reply.range.upperBound
            }
            buffer.output.append(contentsOf: bytes[position...])
        } else {
            buffer.output.append(contentsOf: bytes)
        }
        Wiping.removeAll(&bytes, keepingCapacity: false)
    }
}
