internal import LatchkeyCore

/// The bytes of a turn of the event loop that wait for a commit, because replies among them do: those of all connections of
/// a worker, one connection behind the other.
///
/// Each connection knows the ``Part`` that is its own. The memory is used again in the next turn.
struct HeldReplies {
    /// The bytes of one connection, and the replies among them that wait.
    struct Part {
        var bytes: Range<Int>
        var replies: Range<Int>
    }

    /// More memory than this is released after the turn.
    private static let maxKeptBytes = 1 << 20

    private var bytes: [UInt8] = []
    private var replies: [UncommittedReply] = []

    /// Takes what is rendered, and leaves `buffer` empty.
    ///
    /// - Parameter earlier: what the connection has held back in this turn.
    mutating func take(from buffer: ReplyBuffer, behind earlier: Part?) -> Part {
        var part = Part(bytes: bytes.count..<bytes.count, replies: replies.count..<replies.count)
        if let earlier {
            // The parts of other connections may lie between.
            for var reply in Array(replies[earlier.replies]) {
                let start = bytes.count - earlier.bytes.lowerBound
                reply.range = (reply.range.lowerBound + start)..<(reply.range.upperBound + start)
                replies.append(reply)
            }
            bytes.append(contentsOf: Array(bytes[earlier.bytes]))
        }
        let start = bytes.count
        for var reply in buffer.uncommitted {
            reply.range = (reply.range.lowerBound + start)..<(reply.range.upperBound + start)
            replies.append(reply)
        }
        buffer.output.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        buffer.uncommitted.removeAll(keepingCapacity: true)
        Wiping.removeAll(&buffer.output, keepingCapacity: true)
        part.bytes = part.bytes.lowerBound..<bytes.count
        part.replies = part.replies.lowerBound..<replies.count
        return part
    }

    /// Copies the bytes of a connection into `buffer`.
    ///
    /// - Parameter refuse: writes other replies in place of those that wait; nil to let them leave.
    func release(_ part: Part, into buffer: ReplyBuffer, refuse: ReplyCommit.Refuse?) {
        bytes.withUnsafeBytes { bytes in
            var position = part.bytes.lowerBound
            if let refuse {
                for reply in replies[part.replies] {
                    buffer.output.append(contentsOf: bytes[position..<reply.range.lowerBound])
                    buffer.write(in: reply, UnsafeRawBufferPointer(rebasing: bytes[reply.range]), refuse)
                    position = reply.range.upperBound
                }
            }
            buffer.output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position..<part.bytes.upperBound]))
        }
    }

    /// Overwrites and drops everything. All parts must have been released.
    mutating func removeAll() {
        Wiping.removeAll(&bytes, keepingCapacity: bytes.capacity <= Self.maxKeptBytes)
        replies.removeAll(keepingCapacity: true)
    }
}
