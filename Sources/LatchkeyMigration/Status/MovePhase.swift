/// The seven phases of a move, in their order.
package enum MovePhase: Int, Hashable, Sendable, CaseIterable {
    case prepare = 1
    case copy, secrets, tokens, test, cutover, cleanup

    package enum State: String, Hashable, Sendable {
        case done, open
        /// Only a broker can tell, and none was asked.
        case unknown
    }

    /// The phase in a status report.
    package var title: String {
        switch self {
        case .prepare: "prepare: a backup of everything"
        case .copy: "copy into Parameter Store"
        case .secrets: "read secrets through the broker"
        case .tokens: "share tokens through the broker"
        case .test: "test: both stores compared"
        case .cutover: "cut over"
        case .cleanup: "clean up Secrets Manager"
        }
    }

    /// Whether the phase is done.
    package func state(_ status: MoveStatus) -> State {
        switch self {
        case .prepare: return status.hasBackup ? .done : .open
        case .copy: return status.isCopied ? .done : .open
        case .secrets:
            guard let counters = status.counters else { return .unknown }
            return counters.readsOfParameterStore + counters.readsOfSecretsManager > 0 ? .done : .open
        case .tokens:
            guard let counters = status.counters else { return .unknown }
            return counters.tokenAnswers > 0 ? .done : .open
        case .test: return status.isProven ? .done : .open
        case .cutover: return status.isCutOver ? .done : .open
        case .cleanup:
            return status.isCutOver && status.count(.moved) == 0 && status.count(.deleting) + status.count(.gone) > 0
                ? .done : .open
        }
    }
}
