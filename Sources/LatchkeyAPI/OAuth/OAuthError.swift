package import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP

/// An error of the token endpoint (RFC 6749 §5.2). Contains no text from a caller or an upstream.
package struct OAuthError: Error, Hashable, Sendable {
    package enum Code: String, CaseIterable, Sendable {
        // RFC 6749 §5.2
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case unauthorizedClient = "unauthorized_client"
        case unsupportedGrantType = "unsupported_grant_type"
        case invalidScope = "invalid_scope"
        /// No profile has this audience (RFC 8707 §2 for `resource`, RFC 8693 §2.2.2 for `audience`).
        case invalidTarget = "invalid_target"
        // RFC 6749 §4.1.2.1. §5.2 has no code for server errors, but client libraries know these two.
        case temporarilyUnavailable = "temporarily_unavailable"
        case serverError = "server_error"
    }

    package var status: Int
    package var code: Code
    /// For `error_description`: what is wrong and how to fix it, in lower case.
    package var detail: String
    /// Seconds for `Retry-After`.
    package var retryAfter: Int64?
    /// The value of `Allow`, with status 405.
    package var allow: String?
    /// Why the client may not have what it asks for, for the audit log. It is not in the answer, which is the same for what
    /// does not exist.
    package var denial: AccessReason?

    package init(_ code: Code, _ detail: String) {
        // An unknown client is 401, all else is 400 (RFC 6749 §5.2).
        status = code == .invalidClient ? 401 : 400
        self.code = code
        self.detail = detail
    }

    /// The OAuth form of `problem`, with the same status.
    ///
    /// 503 is `temporarily_unavailable` with the same `Retry-After`; 500, 502 and 504 are `server_error`; all others
    /// are `invalid_request`.
    package init(_ problem: Problem) {
        status = problem.status
        code =
            switch problem.status {
            case 503: .temporarilyUnavailable
            case 500...: .serverError
            default: .invalidRequest
            }
        detail = problem.detail
        retryAfter = problem.retryAfter
        allow = problem.allow
    }

    /// The body, without the characters that `error_description` may not contain (RFC 6749 §5.2).
    package func body() -> [UInt8] {
        let text = detail.utf8.filter { ASCII.isPrintable($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        return JSON.object([
            "error": .string(code.rawValue), "error_description": .string(String(decoding: text, as: UTF8.self)),
        ]).bytes()
    }
}
