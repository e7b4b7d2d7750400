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
        _ result: Result<JSON, AWSProtocolError>, refreshError: UpstreamFault? = nil, to reply: consuming APIReply
    ) -> ReplyReceipt {
        switch result {
        case .success(let json):
            let reply = Self.begin(200, reply)
            if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
            return reply.end(json.bytes())
        case .failure(let fault): return write(fault, refreshError: refreshError, to: reply)
        }
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
        return reply.end(fault.response(messageMember: service.messageMember).body)
    }

    private static func begin(_ status: Int, _ reply: consuming APIReply) -> OpenReply {
        let id = reply.id.text
        let reply = reply.begin(status)
        reply.append("Content-Type: application/x-amz-json-1.1\r\n")
        reply.field("x-amzn-RequestId", id)
        return reply
    }
}
