internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// Writes responses in the format of one AWS service.
struct AWSResponseWriter: Sendable {
    let service: AWSReadService
    let id: String

    /// - Parameter refreshError: why a requested refresh failed, while an older value is served.
    func write(_ result: Result<JSON, AWSProtocolError>, refreshError: UpstreamFault? = nil, to reply: ReplyWriter) {
        switch result {
        case .success(let json):
            begin(200, to: reply)
            if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
            reply.end(json.bytes())
        case .failure(let fault): write(fault, refreshError: refreshError, to: reply)
        }
    }

    func write(
        _ fault: AWSProtocolError, allow: String? = nil, refreshError: UpstreamFault? = nil, to reply: ReplyWriter
    ) {
        begin(fault.status, to: reply)
        reply.field("x-amzn-ErrorType", fault.type)
        if fault.status == 401 { reply.append("WWW-Authenticate: Bearer realm=\"latchkey\"\r\n") }
        if let allow { reply.field("Allow", allow) }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        reply.end(fault.response(messageMember: service.messageMember).body)
    }

    private func begin(_ status: Int, to reply: ReplyWriter) {
        reply.begin(status)
        reply.append("Content-Type: application/x-amz-json-1.1\r\nCache-Control: no-store\r\n")
        reply.field("x-amzn-RequestId", id)
        reply.field("X-Request-Id", id)
    }
}
