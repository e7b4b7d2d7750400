/// How often one read of a store is made when it gets no answer, and when reading is given up altogether. Pure.
package struct ReadRetry: Sendable {
    /// Tries of one read, the first one included.
    package static let maxTries = 3
    /// Reads that may get no answer one after another, all their tries included, before the store is taken to be down.
    package static let maxUnanswered = 3

    private var unanswered = 0

    package init() {}

    /// The store takes no further reads: so many in a row got no answer.
    package var isGivenUp: Bool { unanswered >= Self.maxUnanswered }

    /// A read has its answer, be it a refusal.
    package mutating func answered() { unanswered = 0 }

    /// A read has got no answer in all its tries.
    package mutating func failed() { unanswered += 1 }

    /// How long to wait before another try; nil where there is to be none.
    ///
    /// - Parameters:
    ///   - tries: made so far, 1 or more.
    ///   - trouble: why the last one failed.
    ///   - jitter: in 0..<1.
    package func pause(after tries: Int, _ trouble: StoreFailure, jitter: Double) -> Duration? {
        guard trouble.mayPass, tries < Self.maxTries, !isGivenUp else { return nil }
        return .milliseconds(500 << min(tries - 1, 4)) * (0.5 + jitter / 2)
    }
}

extension StoreFailure {
    /// Whether the same call may succeed later.
    package var mayPass: Bool { kind == .throttled || kind == .unsure }
}
