/// A rendered reply that may leave only when the handler has recorded it (``ReplyCommit``).
package struct UncommittedReply: Sendable {
    /// The bytes of the reply in their buffer.
    var range: Range<Int>
    let isHead: Bool
    let closes: Bool
    let confirmsKeepAlive: Bool
    /// The handler's kind of the request.
    let kind: Int
}
