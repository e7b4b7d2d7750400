package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyMetrics

/// Why there is no token. Of a response body it holds only an error code of the form in RFC 6749 §5.2.
package enum IssuerError: Error, Hashable, Sendable {
    /// The issuer refuses the client, its grant or the request. Another request does not help until a setting changes.
    /// `code` is the issuer's (`access_denied`), or `http_<status>` if it gave none.
    case denied(code: String)
    /// The issuer asks for no requests until a time, if it said which.
    case throttled(retryAfter: Duration?)
    /// A 5xx (or 408, 425) at every attempt, and how long the issuer asked to wait, if it did.
    case unavailable(status: Int, retryAfter: Duration? = nil)
    case invalid(InvalidResponse)
    /// No response before the deadline.
    case timedOut
    /// No response.
    case transport(HTTPClientError)
    /// No request was sent, because Latchkey's own budget is used up.
    case budgetSpent(retryAfter: Duration)
    /// No request was sent, because the client's private key cannot sign an assertion.
    case unusableKey(AssertionKeyError)

    /// What is wrong with a response that should have been a token.
    package enum InvalidResponse: Error, Hashable, Sendable, CaseIterable {
        case emptyBody
        case notJSON
        /// Missing, repeated, too long, or not visible ASCII.
        case accessToken
        case tokenType
        /// Not a positive number of seconds, or repeated.
        case expiresIn
        /// A member occurs twice.
        case repeatedMember
        /// Redirects are not followed, because the request has the client secret.
        case redirect
        case unexpectedStatus

        package var code: FaultCode {
            switch self {
            case .emptyBody: .emptyBody
            case .notJSON: .notJSON
            case .accessToken: .accessToken
            case .tokenType: .tokenType
            case .expiresIn: .expiresIn
            case .repeatedMember: .repeatedMember
            case .redirect: .redirect
            case .unexpectedStatus: .unexpectedStatus
            }
        }
    }

    /// The code of Latchkey or of the issuer: letters, digits and underscores. Nil if the case itself says enough.
    package var code: String? {
        switch self {
        case .denied(let code): code
        case .throttled: nil
        case .unavailable(let status, _): "http_\(status)"
        case .invalid(let response): response.code.rawValue
        case .timedOut, .transport: nil
        case .budgetSpent: FaultCode.issueBudget.rawValue
        case .unusableKey: FaultCode.privateKey.rawValue
        }
    }

    /// Whether the issuer does not accept the client's credentials, so that newer ones may be accepted:
    /// `invalid_client` (RFC 6749 §5.2), Auth0's `access_denied` (also its answer to a missing grant), or 401 or 403
    /// without a code.
    package var isClientRefused: Bool {
        switch self {
        case .denied(let code): ["invalid_client", "access_denied", "http_401", "http_403"].contains(code)
        default: false
        }
    }

    /// The error's label in metrics.
    package var outcome: UpstreamOutcome {
        switch self {
        case .denied: .denied
        case .throttled: .throttled
        case .unavailable: .unavailable
        case .invalid: .invalidAnswer
        case .timedOut: .timedOut
        case .transport: .transport
        case .budgetSpent: .throttled
        case .unusableKey: .noCredentials
        }
    }
}
