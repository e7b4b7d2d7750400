internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// Writes responses in the format of one AWS service.
struct AWSResponseWriter: Sendable {
    private let service: AWSReadService

    init(_ service: AWSReadService) { self.service = service }

    /// - Parameter refreshError: why a requested refresh failed, while an older value is served.
    func write(
        _ result: Result<AWSAnswer, AWSProtocolError>, refreshError: UpstreamFault? = nil, to reply: consuming APIReply
    ) -> ReplyReceipt {
        switch result {
        case .success(let answer):
            let reply = Self.begin(200, reply)
            if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
            return reply.end(answer.body.bytes()).about(answer.names)
        case .failure(let fault): return write(fault, refreshError: refreshError, to: reply)
        }
    }

    /// Writes the refusal of a request before any store was asked. `AccessDeniedException` then means that the caller may not
    /// have what it asks for.
    func write(refusal: AWSProtocolError, to reply: consuming APIReply) -> ReplyReceipt {
        write(refusal, to: reply).about(
            AnswerReason(refusal.type, isDenial: refusal.type == AWSProtocolError.accessDenied))
    }

    func write(
        _ fault: AWSProtocolError, allow: String? = nil, refreshError: UpstreamFault? = nil,
        to reply: consuming APIReply
    ) -> ReplyReceipt {
        let reply = Self.begin(fault.status, reply)
        reply.field("x-amzn-ErrorType", fault.type)
        if fault.status == 401 { reply.append("WWW-Authenticate: Bearer realm=\"latchkey\"\r\n") }
        if let allow { reply.field("Allow", allow) }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        return reply.end(fault.response(messageMember: service.messageMember).body).about(
            AnswerReason(fault.type, isDenial: false))
    }

    private static func begin(_ status: Int, _ reply: consuming APIReply) -> OpenReply {
        let id = reply.id.text
        let reply = reply.begin(status)
        reply.append("Content-Type: application/x-amz-json-1.1\r\n")
        reply.field("x-amzn-RequestId", id)
        return reply
    }
}
