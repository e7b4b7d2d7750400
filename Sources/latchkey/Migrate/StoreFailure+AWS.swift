internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Synchronization

extension StoreFailure {
    /// An error of a store as the migration's decisions take it.
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

    /// How a command that met it ends.
    var status: ExitStatus {
        switch kind {
        case .denied: .denied
        case .throttled, .unsure: .unavailable
        case .refused: .failed
        }
    }
}
