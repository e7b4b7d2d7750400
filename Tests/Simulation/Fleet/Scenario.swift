package import LatchkeyBroker
import LatchkeyCore

/// What a simulated fleet lives through.
package struct Scenario: Sendable {
    package var brokers = 1
    /// Brokers ask for the lease; without it each goes from the shared tier straight to the issuer.
    package var hasLease = true
    package var lifetime: Duration = .seconds(600)
    package var duration: Duration = .seconds(1800)
    /// Between two calls at one broker, on average.
    package var callEvery: Duration = .seconds(10)
    /// The brokers' starts are spread over this.
    package var startSpread: Duration = .zero
    package var readsPerSecond = 40
    package var writesPerSecond = 3
    /// The longest time from a write to the first read that sees it.
    package var longestLag: Duration = .milliseconds(500)
    package var storeLatency: ClosedRange<Double> = 0.005...0.05
    package var issuerLatency: ClosedRange<Double> = 0.1...0.8
    /// The brokers' wall clocks are off by up to this, either way.
    package var longestSkew: Duration = .milliseconds(500)
    /// Times that a broker's wall clock is set to another difference.
    package var clockJumps = 0
    /// The part of all answers whose token a resource server then refuses.
    package var rejections = 0.0
    /// Brokers that are killed, each at a random moment, and come back within some seconds.
    package var crashes = 0
    /// The broker that asks the issuer first is killed while it waits for the answer.
    package var killsFirstHolder = false
    /// Parts of all store calls that are lost, fail or answer after the caller's patience, and of issuer calls that fail.
    package var storeFaults = 0.0
    package var issuerFaults = 0.0
    /// The part of all issuer calls that are answered with 429 and `Retry-After: 3`.
    package var issuerThrottles = 0.0
    /// The issuer is down from and to.
    package var issuerOutage: ClosedRange<Double>?
    /// Writes are refused, as by a policy.
    package var deniesWrites = false
    /// Writes are done at once, and answered when nobody waits for the answer any more.
    package var answersWritesLate = false
    /// Tokens are JSON Web Tokens with an `exp` of their own; else opaque.
    package var hasDatedTokens = false
    package var timeout: Duration = .seconds(5)
    package init() {}
}

/// What came of it.
package struct Report: Sendable {
    /// Requests the issuer saw, and tokens it gave.
    package var issuerCalls = 0
    package var tokensIssued = 0
    /// Issuer calls before the first token's refresh was due.
    package var issuerCallsCold = 0
    package var storeReads = 0
    package var storeReadsThrottled = 0
    package var storeWrites = 0
    package var storeWritesThrottled = 0
    package var callers = 0
    package var served = 0
    package var refused = 0
    /// Why callers were refused, and how many of them were not told when to come back.
    package var faultsTold: Set<UpstreamFault.Reason> = []
    package var refusalsWithoutWait = 0
    /// The longest one caller waited for its answer.
    package var longestAnswer: Duration = .zero
    /// The longest one trip past memory took.
    package var longestTrip: Duration = .zero
    /// The longest from a broker's first caller to its first token, refusals with `Retry-After` included.
    package var longestColdWait: Duration = .zero
    /// The longest a broker's caller was without a token after having had one.
    package var longestGap: Duration = .zero
    /// The longest from the end of the issuer's outage to a broker's first token after it.
    package var longestRecovery: Duration = .zero
    /// Brokers that were called and never had a token.
    package var withoutToken = 0
    /// Answers with a refused token, which said so.
    package var servedRejected = 0
    /// What must not be.
    package var violations: [String] = []
    package var events = 0
}
