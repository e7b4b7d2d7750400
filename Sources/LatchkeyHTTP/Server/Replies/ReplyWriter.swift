package import LatchkeyCore

/// The right to answer one request, once.
///
/// It cannot be copied, each way to answer consumes it, and a handler must return the ``ReplyReceipt`` that it gets for
/// it. So a handler that answers twice, or not at all, does not compile (<doc:0011-One-reply>).
package struct ReplyWriter: ~Copyable {
    let buffer: ReplyBuffer

    init(_ buffer: ReplyBuffer) { self.buffer = buffer }

    /// When the request started, if the server itself answers it; otherwise the start of the turn.
    package var started: MonotonicTime { buffer.started }

    /// Starts a reply: status line, `Date` and `Connection`.
    package consuming func begin(_ status: Int) -> OpenReply {
        buffer.begin(status)
        return OpenReply(buffer)
    }

    /// Writes a reply that was rendered before.
    ///
    /// - Parameter write: calls ``PreparedReply/Output/write(_:)`` while the bytes are at hand, and returns what that returns.
    package consuming func send(_ write: (PreparedReply.Output) -> PreparedReply.Written) -> ReplyReceipt {
        _ = write(PreparedReply.Output(buffer: buffer))
        return ReplyReceipt(buffer)
    }

    /// Writes a whole response. Its fields must not contain `Content-Length`, `Date` and `Connection`, which are added here.
    package consuming func send(_ response: HTTPResponse) -> ReplyReceipt {
        let buffer = buffer
        let reply = begin(response.status)
        buffer.append(response.fields)
        return HTTPStatus.isBodyless(response.status) ? reply.endWithoutBody() : reply.end(response.body)
    }
}
