/// Why the server itself answers a request, without its handler.
package enum ServerRefusal: Hashable, Sendable {
    /// The head or the body breaks the grammar or a limit.
    case malformed(RequestRefusal)
    /// Head or body did not arrive in time: 408.
    case timedOut
    /// Past the connection cap: 503.
    case overloaded
    /// A handler wrote nothing: 500.
    case unanswered

    /// The status the rejection is answered with.
    package var status: Int {
        switch self {
        case .malformed(let rejection): rejection.status
        case .timedOut: 408
        case .overloaded: 503
        case .unanswered: 500
        }
    }

    /// A bare answer in plain text, for servers without an error format of their own.
    package static let plain: @Sendable (ServerRefusal, ReplyWriter) -> Void = { rejection, reply in
        reply.begin(rejection.status)
        reply.append("Content-Type: text/plain\r\n")
        reply.end(Array("\(HTTPStatus.reason(rejection.status))\n".utf8))
    }
}
