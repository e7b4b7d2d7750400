/// Why the server itself answers a request, instead of its handler.
package enum ServerRefusal: Hashable, Sendable {
    /// The head or the body breaks the grammar or a limit.
    case malformed(RequestRefusal)
    /// The head or the body did not arrive in time: 408.
    case timedOut
    /// The connection is over the cap: 503.
    case overloaded
    /// A request in plain HTTP to a port that speaks TLS: 400.
    case plainHTTP
    /// The handler wrote no reply: 500.
    case unanswered

    /// The status code of the reply.
    package var status: Int {
        switch self {
        case .malformed(let rejection): rejection.status
        case .plainHTTP: 400
        case .timedOut: 408
        case .overloaded: 503
        case .unanswered: 500
        }
    }

    /// Writes a reply in plain text, for servers without an error format of their own.
    package static let plain: @Sendable (ServerRefusal, ReplyWriter) -> Void = { rejection, reply in
        reply.begin(rejection.status)
        reply.append("Content-Type: text/plain\r\n")
        reply.end(Array("\(HTTPStatus.reason(rejection.status))\n".utf8))
    }
}
