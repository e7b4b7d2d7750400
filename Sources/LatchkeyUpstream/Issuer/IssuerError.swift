internal import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyMetrics

/// Why there is no token. Holds nothing of an answer's body but an error code of the RFC 6749 §5.2 form.
package enum IssuerError: Error, Hashable, Sendable {
    /// The issuer refuses the client, its grant or the request itself. Asking again does not help until somebody
    /// changes something. `code` is the issuer's own (`access_denied`), or `http_<status>` where it gave none.
    case denied(code: String)
    /// The issuer asks to be left alone, for so long where it said.
    case throttled(retryAfter: Duration?)
    /// A 5xx (or 408, 425) that lasted through every attempt, and how long it asked to be left alone, if it did.
    case unavailable(status: Int, retryAfter: Duration? = nil)
    /// An answer that is no token.
    case invalid(InvalidAnswer)
    /// No answer by the deadline.
    case timedOut
    /// No answer at all.
    case transport(HTTPClientError)
    /// Nothing was sent: Latchkey's own budget of requests is used up, for so long.
    case budgetSpent(retryAfter: Duration)
    /// Nothing was sent: the client's private key cannot sign an assertion.
    case unusableKey(AssertionKeyError)

    /// What is wrong with an answer that should have been a token. The raw value is the code for metrics and errors.
    package enum InvalidAnswer: String, Error, Hashable, Sendable, CaseIterable {
        case emptyBody = "empty_body"
        case notJSON = "not_json"
        case accessToken = "access_token"
        case tokenType = "token_type"
        case expiresIn = "expires_in"
        case repeatedMember = "repeated_member"
        case redirect = "redirect"
        case status = "unexpected_status"

        /// A sentence for logs.
        package var reason: String {
            switch self {
            case .emptyBody: "the answer has no body"
            case .notJSON: "the answer is not a json object"
            case .accessToken:
                "access_token is missing, stands twice, is too long or is not visible ascii without blanks"
            case .tokenType: "token_type is not bearer, nor one that the profile allows"
            case .expiresIn: "expires_in is not a positive number of seconds, or stands twice"
            case .repeatedMember: "a member stands twice"
            case .redirect: "redirect not followed; set the token url to where it leads if that is right"
            case .status: "the status is neither 200, nor one that the profile allows, nor an error"
            }
        }
    }

    /// One short word of letters, digits and underscores.
    package var code: String? {
        switch self {
        case .denied(let code): code
        case .throttled: nil
        case .unavailable(let status, _): "http_\(status)"
        case .invalid(let answer): answer.rawValue
        case .timedOut, .transport: nil
        case .budgetSpent: FaultCode.issueBudget.rawValue
        case .unusableKey: FaultCode.privateKey.rawValue
        }
    }

    /// The issuer does not know the client by these credentials: `invalid_client` (RFC 6749 §5.2), `access_denied` as
    /// Auth0 says it (and says of a missing grant too), or 401 without a word. Others may be in force by now.
    package var isClientRefused: Bool {
        switch self {
        case .denied(let code): ["invalid_client", "access_denied", "http_401", "http_403"].contains(code)
        default: false
        }
    }

    /// The error as metrics count it.
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
