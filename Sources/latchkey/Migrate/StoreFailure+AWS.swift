internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Synchronization

extension StoreFailure {
    /// The store failure for an AWS error.
    init(_ error: AWSError) {
        let kind: StoreFailure.Kind =
            switch error.kind {
            case .denied, .expiredCredentials, .noCredentials: .denied
            case .throttled: .throttled
            case .unavailable, .timedOut, .invalidAnswer: .unsure
            case .notFound, .alreadyExists, .conditionFailed, .invalidRequest: .refused
            }
        self.init(kind, code: error.code ?? error.transport?.code ?? "no_code")
    }

    /// The exit code of a command that meets this failure.
    var status: ExitStatus {
        switch kind {
        case .denied: .denied
        case .throttled, .unsure: .unavailable
        case .refused: .failed
        }
    }
}
