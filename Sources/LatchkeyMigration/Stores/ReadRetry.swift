/// Decides how often to retry a read that gets no answer, and when to give up on the store. Pure.
package struct ReadRetry: Sendable {
    /// Attempts for one read, including the first.
    package static let maxTries = 3
    /// Reads in a row that may fail in all their attempts before the store counts as down.
    package static let maxUnanswered = 3

    private var unanswered = 0

    package init() {}

    /// Whether the store counts as down: ``maxUnanswered`` reads in a row got no answer.
    package var isGivenUp: Bool { unanswered >= Self.maxUnanswered }

    /// Records that the store answered a read. An error response counts as an answer.
    package mutating func answered() { unanswered = 0 }

    /// Records that a read got no answer in any of its attempts.
    package mutating func failed() { unanswered += 1 }

    /// The pause before the next attempt; nil if there must be none.
    ///
    /// - Parameters:
    ///   - tries: the attempts made so far, 1 or more.
    ///   - failure: the failure of the last attempt.
    ///   - jitter: in 0..<1.
    package func pause(after tries: Int, _ failure: StoreFailure, jitter: Double) -> Duration? {
        guard failure.isTransient, tries < Self.maxTries, !isGivenUp else { return nil }
        return .milliseconds(500 << min(tries - 1, 4)) * (0.5 + jitter / 2)
    }
}
