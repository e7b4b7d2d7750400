/// The result of one attempt at an upstream.
package enum UpstreamOutcome: Int, Label {
    case success, notFound, denied, throttled, expiredCredentials, noCredentials, invalidRequest, invalidAnswer
    case unavailable, timedOut, transport

    package var label: String {
        switch self {
        case .success: "success"
        case .notFound: "not_found"
        case .denied: "denied"
        case .throttled: "throttled"
        case .expiredCredentials: "expired_credentials"
        case .noCredentials: "no_credentials"
        case .invalidRequest: "invalid_request"
        case .invalidAnswer: "invalid_answer"
        case .unavailable: "unavailable"
        case .timedOut: "timed_out"
        case .transport: "transport"
        }
    }
}
