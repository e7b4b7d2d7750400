internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Synchronization

extension CommandFailure {
    /// The failure of a command after an error of a store. `action` is the IAM action of the call.
    init(_ error: AWSError, action: String) {
        let status: ExitStatus =
            switch error.kind {
            case .denied, .expiredCredentials: .denied
            case .noCredentials: .configuration
            case .notFound, .alreadyExists, .conditionFailed, .invalidRequest: .failed
            case .throttled, .unavailable, .timedOut, .invalidAnswer: .unavailable
            }
        let what: String =
            switch error.kind {
            case .denied: "\(action) is refused"
            case .expiredCredentials: "the AWS credentials have expired or are unknown"
            case .noCredentials: "there are no AWS credentials"
            case .throttled: "\(action) is throttled"
            case .timedOut: "\(action) got no answer in time"
            case .unavailable: "\(action) cannot be reached"
            case .invalidAnswer: "\(action) got a response that AWS does not send"
            case .notFound, .alreadyExists, .conditionFailed, .invalidRequest: "\(action) is not accepted"
            }
        let code = (error.code ?? error.transport?.code).map { " [\($0)]" } ?? ""
        self.init(status, what + code + (error.hint.map { ": \($0)" } ?? ""))
    }
}
