internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// An error response (RFC 9457). Contains no secret, and nothing from an upstream except its short error code.
package struct Problem: Error, Hashable, Sendable {
    /// The closed set of error codes that callers can rely on.
    package enum Code: String, CaseIterable, Sendable {
        case badRequest = "bad_request"
        case unknownParameter = "unknown_parameter"
        case unauthorized
        case forbidden
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case lengthRequired = "length_required"
        case payloadTooLarge = "payload_too_large"
        case uriTooLong = "uri_too_long"
        case headersTooLarge = "headers_too_large"
        case overloaded
        case upstreamDenied = "upstream_denied"
        case upstreamThrottled = "upstream_throttled"
        case upstreamUnavailable = "upstream_unavailable"
        case upstreamInvalid = "upstream_invalid"
        case upstreamTimeout = "upstream_timeout"
        case notReady = "not_ready"
        case auditUnavailable = "audit_unavailable"
        case `internal`
    }

    package var status: Int
    package var code: Code
    /// What is wrong and how to fix it, in lower case.
    package var detail: String
    package var upstream: String?
    package var upstreamCode: String?
    /// Seconds for `Retry-After`.
    package var retryAfter: Int64?
    /// The value of `Allow`, with status 405.
    package var allow: String?
    /// Why a requested refresh failed, for `X-Latchkey-Refresh-Error`.
    package var refreshError: String?

    package init(_ status: Int, _ code: Code, _ detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    /// The encoded body.
    package func body(requestID: String) -> [UInt8] { json(requestID: requestID).bytes() }

    /// The body.
    ///
    /// - Parameter more: further members (RFC 9457 §3.2).
    func json(requestID: String, more: JSONObject = [:]) -> JSON {
        var members: JSONObject = [
            "type": "about:blank", "title": .string("\(HTTPStatus.reason(status))"),
            "status": .integer(Int64(status)), "detail": .string(detail), "code": .string(code.rawValue),
            "request_id": .string(requestID),
        ]
        if let upstream { members["upstream"] = .string(upstream) }
        if let upstreamCode { members["upstream_code"] = .string(upstreamCode) }
        return .object(more.merging(members))
    }
}
