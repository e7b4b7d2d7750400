package import LatchkeyBroker

/// The result of a simulation.
package struct Report: Sendable {
    /// The requests to the issuer, and the tokens that it issued.
    package var issuerCalls = 0
    package var tokensIssued = 0
    /// The requests to the issuer in the first half of the first token's lifetime.
    package var issuerCallsCold = 0
    package var storeReads = 0
    package var storeReadsThrottled = 0
    package var storeWrites = 0
    package var storeWritesThrottled = 0
    package var callers = 0
    package var served = 0
    package var refused = 0
    /// Why callers were refused, and how many of them got no `Retry-After`.
    package var faultsTold: Set<UpstreamFault.Reason> = []
    package var refusalsWithoutWait = 0
    /// The maximum time that a caller waited for its answer.
    package var maxAnswerTime: Duration = .zero
    /// The maximum duration of a refresh.
    package var maxRefreshTime: Duration = .zero
    /// The maximum time from a broker's first request to its first token, including refused requests.
    package var maxColdWait: Duration = .zero
    /// The maximum time that a caller got no token after it had one.
    package var maxGap: Duration = .zero
    /// The maximum time from the end of the issuer's outage to a broker's first token after it.
    package var maxRecovery: Duration = .zero
    /// How many brokers got requests and never had a token.
    package var withoutToken = 0
    /// How many answers had a rejected token and said so.
    package var servedRejected = 0
    /// Invariants that were violated.
    package var violations: [String] = []
    package var events = 0
}
