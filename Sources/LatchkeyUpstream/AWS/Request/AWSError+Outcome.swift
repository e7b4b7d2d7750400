internal import LatchkeyMetrics

extension AWSError {
    /// The error's label in metrics.
    var outcome: UpstreamOutcome {
        switch kind {
        case .notFound: .notFound
        case .denied: .denied
        case .throttled: .throttled
        case .expiredCredentials: .expiredCredentials
        case .noCredentials: .noCredentials
        case .alreadyExists, .conditionFailed, .invalidRequest: .invalidRequest
        case .unavailable: transport == nil ? .unavailable : .transport
        case .timedOut: .timedOut
        case .invalidAnswer: .invalidAnswer
        }
    }
}
