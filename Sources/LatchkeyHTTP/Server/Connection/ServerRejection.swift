/// Why the server itself answers a request, instead of its handler.
package enum ServerRejection: Hashable, Sendable {
    /// The head or the body breaks the grammar or a limit.
    case malformed(RequestRejection)
    /// The head or the body did not arrive in time: 408.
    case timedOut
    /// The connection is over the cap: 503.
    case overloaded
    /// A request in plain HTTP to a port that speaks TLS: 400.
    case plainHTTP

    /// The status code of the reply.
    package var status: Int {
        switch self {
        case .malformed(let rejection): rejection.status
        case .plainHTTP: 400
        case .timedOut: 408
        case .overloaded: 503
        }
    }

    /// Writes a reply in plain text, for servers without an error format of their own.
    package static let plain: @Sendable (ServerRejection, consuming ReplyWriter) -> ReplyReceipt = {
        rejection, writer in
        let reply = writer.begin(rejection.status)
        reply.append("Content-Type: text/plain\r\n")
        return reply.end(Array("\(HTTPStatus.reason(rejection.status))\n".utf8))
    }
}
