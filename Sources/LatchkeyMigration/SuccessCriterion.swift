internal import LatchkeyCore

/// The seven things that make a move a success, each with what was measured.
package enum SuccessCriterion: String, Hashable, Sendable, CaseIterable {
    case equal
    case reading
    case issuerCalls = "issuer_calls"
    case startUp = "start_up"
    case errors
    case cost
    case reversible

    package enum State: String, Hashable, Sendable {
        case met, unmet
        /// Not measured: no broker was asked, or it has not been asked enough.
        case unknown
    }

    /// Answers that are enough to judge by.
    package static let leastAnswers = 100
    /// Issuer calls in a hundred tokens given out, at the most.
    package static let mostIssuerCalls = 10
    /// Seconds for a start's secrets and token, at the most.
    package static let longestStart = 1.0
    /// Errors in a thousand answers, at the most.
    package static let mostErrors = 1

    /// What is wanted, for people.
    package var wanted: String {
        switch self {
        case .equal: "every secret that can be moved is, and was compared"
        case .reading: "callers' secrets come from Parameter Store"
        case .issuerCalls: "at most \(Self.mostIssuerCalls) issuer calls for 100 tokens"
        case .startUp: "secrets and shared token within \(Self.longestStart) s"
        case .errors: "at most \(Self.mostErrors) error in 1,000 answers"
        case .cost: "a month costs less than before"
        case .reversible: "a whole backup, and nothing is gone for good"
        }
    }

    package func judge(_ status: MoveStatus) -> (state: State, measured: String) {
        switch self {
        case .equal: Self.equal(status)
        case .reading: Self.reading(status)
        case .issuerCalls: Self.issuerCalls(status.figures)
        case .startUp: Self.startUp(status.figures)
        case .errors: Self.errors(status.figures)
        case .cost: Self.cost(status)
        case .reversible: Self.reversible(status)
        }
    }

    private static let notMeasured = (state: State.unknown, measured: "not measured: LATCHKEY_URL is not set")

    private static func equal(_ status: MoveStatus) -> (State, String) {
        let text =
            "\(status.moved) moved, \(status.wantingCopy) to copy, \(status.left) left in Secrets Manager"
            + (status.left > 0 ? " (\(status.count(.kept)) of them kept)" : "")
        return (status.isCopied && status.isProven ? .met : .unmet, text)
    }

    private static func reading(_ status: MoveStatus) -> (State, String) {
        let backend = status.backend?.rawValue ?? "not set"
        guard let figures = status.figures else { return (.unknown, "backend \(backend); \(notMeasured.measured)") }
        let (new, old) = (figures.readsOfParameterStore, figures.readsOfSecretsManager)
        let text = "backend \(backend); \(new) reads of Parameter Store, \(old) of Secrets Manager"
        guard new + old > 0 else { return (.unknown, text) }
        // Those of before the cut-over are counted, too: what counts is that the new store is read.
        return (new > 0 && (status.isCutOver || old == 0) ? .met : .unmet, text)
    }

    private static func issuerCalls(_ figures: BrokerCounters?) -> (State, String) {
        guard let figures else { return notMeasured }
        let share = BrokerCounters.share(figures.issuerCallsSaved, of: figures.tokenAnswers)
        let text = "\(figures.issuerCallsSaved) of \(figures.tokenAnswers) saved (\(share))"
        guard figures.tokenAnswers >= leastAnswers else { return (.unknown, text) }
        return (
            Double(figures.issuerCalls) * 100 <= Double(figures.tokenAnswers) * Double(mostIssuerCalls) ? .met : .unmet,
            text
        )
    }

    private static func startUp(_ figures: BrokerCounters?) -> (State, String) {
        guard let figures else { return notMeasured }
        let times = [("secret", figures.secondsOfSecret), ("shared token", figures.secondsOfSharedToken)]
        let known = times.compactMap { name, seconds in seconds.map { (name, $0) } }
        guard !known.isEmpty else { return (.unknown, "nothing was read yet") }
        let text = known.map { "\($0.0) \(OutsideNumber.clamped($0.1 * 1000, to: OutsideNumber.counters)) ms" }.joined(
            separator: ", ")
        return (known.reduce(0) { $0 + $1.1 } <= longestStart ? .met : .unmet, text)
    }

    private static func errors(_ figures: BrokerCounters?) -> (State, String) {
        guard let figures else { return notMeasured }
        let share = BrokerCounters.share(figures.errors, of: figures.answers)
        let text = "\(figures.errors) of \(figures.answers) answers (\(share))"
        guard figures.answers >= leastAnswers else { return (.unknown, text) }
        return (Double(figures.errors) * 1000 <= Double(figures.answers) * Double(mostErrors) ? .met : .unmet, text)
    }

    private static func cost(_ status: MoveStatus) -> (State, String) {
        let (before, now) = status.costs
        let text = "secrets alone: \(Cost.text(before)) before, \(Cost.text(now)) now"
        guard before > 0 else { return (.unknown, text) }
        return (now < before ? .met : .unmet, text)
    }

    private static func reversible(_ status: MoveStatus) -> (State, String) {
        let gone = status.count(.gone) + status.count(.lost)
        let text = "\(status.hasBackup ? "a backup" : "no backup") that is whole, \(gone) gone for good"
        return (status.hasBackup && gone == 0 ? .met : .unmet, text)
    }
}
