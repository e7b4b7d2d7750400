internal import LatchkeyCore

/// The seven criteria by which a migration counts as a success.
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
        /// Not measured: no broker was asked, or it has answered too few requests.
        case unknown
    }

    /// The fewest answers that suffice for a judgement.
    package static let minAnswers = 100
    /// The most issuer calls for 100 tokens given out.
    package static let maxIssuerCalls = 10
    /// The most seconds for one read of a secret and one of the shared token.
    package static let maxStartSeconds = 1.0
    /// The most errors in 1,000 answers.
    package static let maxErrors = 1

    /// The requirement, in a status report.
    package var wanted: String {
        switch self {
        case .equal: "every secret that can be moved is moved and was compared"
        case .reading: "callers' secrets come from Parameter Store"
        case .issuerCalls: "at most \(Self.maxIssuerCalls) issuer calls for 100 tokens"
        case .startUp: "a secret and the shared token read within \(Self.maxStartSeconds) s"
        case .errors: "at most \(Self.maxErrors) error in 1,000 answers"
        case .cost: "a month costs less than before"
        case .reversible: "a complete backup, and no secret is gone for good"
        }
    }

    /// Whether the criterion is met, and the measurement behind that.
    package func judge(_ status: MoveStatus) -> (state: State, measured: String) {
        switch self {
        case .equal: Self.equal(status)
        case .reading: Self.reading(status)
        case .issuerCalls: Self.issuerCalls(status.counters)
        case .startUp: Self.startUp(status.counters)
        case .errors: Self.errors(status.counters)
        case .cost: Self.cost(status)
        case .reversible: Self.reversible(status)
        }
    }

    private static let notMeasured = (state: State.unknown, measured: "not measured: LATCHKEY_URL is not set")

    private static func equal(_ status: MoveStatus) -> (State, String) {
        let text =
            "\(status.movedCount) moved, \(status.uncopiedCount) to copy, \(status.leftCount) left in Secrets Manager"
            + (status.leftCount > 0 ? " (\(status.count(.kept)) of them kept)" : "")
        return (status.isCopied && status.isProven ? .met : .unmet, text)
    }

    private static func reading(_ status: MoveStatus) -> (State, String) {
        let backend = status.backend?.rawValue ?? "not set"
        guard let counters = status.counters else { return (.unknown, "backend \(backend); \(notMeasured.measured)") }
        let (new, old) = (counters.readsOfParameterStore, counters.readsOfSecretsManager)
        let text = "backend \(backend); \(new) reads of Parameter Store, \(old) of Secrets Manager"
        guard new + old > 0 else { return (.unknown, text) }
        // The counters include reads before the cut-over, so reads of the old store do not count against it.
        return (new > 0 && (status.isCutOver || old == 0) ? .met : .unmet, text)
    }

    private static func issuerCalls(_ counters: BrokerCounters?) -> (State, String) {
        guard let counters else { return notMeasured }
        let share = BrokerCounters.share(counters.issuerCallsSaved, of: counters.tokenAnswers)
        let text = "\(counters.issuerCallsSaved) of \(counters.tokenAnswers) saved (\(share))"
        guard counters.tokenAnswers >= minAnswers else { return (.unknown, text) }
        let isMet = Double(counters.issuerCalls) * 100 <= Double(counters.tokenAnswers) * Double(maxIssuerCalls)
        return (isMet ? .met : .unmet, text)
    }

    private static func startUp(_ counters: BrokerCounters?) -> (State, String) {
        guard let counters else { return notMeasured }
        let times = [("secret", counters.secondsOfSecret), ("shared token", counters.secondsOfSharedToken)]
        let known = times.compactMap { name, seconds in seconds.map { (name, $0) } }
        guard !known.isEmpty else { return (.unknown, "nothing was read yet") }
        let text = known.map { "\($0.0) \(OutsideNumber.clamped($0.1 * 1000, to: OutsideNumber.counters)) ms" }.joined(
            separator: ", ")
        return (known.reduce(0) { $0 + $1.1 } <= maxStartSeconds ? .met : .unmet, text)
    }

    private static func errors(_ counters: BrokerCounters?) -> (State, String) {
        guard let counters else { return notMeasured }
        let share = BrokerCounters.share(counters.errors, of: counters.answers)
        let text = "\(counters.errors) of \(counters.answers) answers (\(share))"
        guard counters.answers >= minAnswers else { return (.unknown, text) }
        let isMet = Double(counters.errors) * 1000 <= Double(counters.answers) * Double(maxErrors)
        return (isMet ? .met : .unmet, text)
    }

    private static func cost(_ status: MoveStatus) -> (State, String) {
        let (before, now) = status.costs
        let text = "cost of secrets: \(Cost.text(before)) before, \(Cost.text(now)) now"
        guard before > 0 else { return (.unknown, text) }
        return (now < before ? .met : .unmet, text)
    }

    private static func reversible(_ status: MoveStatus) -> (State, String) {
        let gone = status.count(.gone) + status.count(.lost)
        let text = "complete backup: \(status.hasBackup ? "yes" : "no"), \(gone) gone for good"
        return (status.hasBackup && gone == 0 ? .met : .unmet, text)
    }
}
