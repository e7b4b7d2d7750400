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

    /// The status the refusal is answered with.
    package var status: Int {
        switch self {
        case .malformed(let refusal): refusal.status
        case .timedOut: 408
        case .overloaded: 503
        case .unanswered: 500
        }
    }

    /// A bare answer in plain text, for servers without an error format of their own.
    package static let plain: @Sendable (ServerRefusal, ReplyWriter) -> Void = { refusal, reply in
        reply.begin(refusal.status)
        reply.append("Content-Type: text/plain\r\n")
        reply.end(Array("\(HTTPStatus.reason(refusal.status))\n".utf8))
    }
}
