/// The conditions of a simulated fleet.
package struct Scenario: Sendable {
    package var brokers = 1
    /// Whether brokers claim the lease. Without it, each continues with the issuer after it has read the shared tier.
    package var hasLease = true
    package var lifetime: Duration = .seconds(600)
    package var duration: Duration = .seconds(1800)
    /// The average time between two requests to one broker.
    package var callEvery: Duration = .seconds(10)
    /// The time over which the brokers start.
    package var startSpread: Duration = .zero
    /// Whether replicas share tokens in a DynamoDB table; else in Parameter Store.
    package var usesTable = false
    package var readsPerSecond = 40
    package var writesPerSecond = 3
    /// The maximum time from a write to the first read that returns it.
    package var maxLag: Duration = .milliseconds(500)
    package var storeLatency: ClosedRange<Double> = 0.005...0.05
    package var issuerLatency: ClosedRange<Double> = 0.1...0.8
    /// The maximum error of the brokers' wall clocks, in either direction.
    package var maxSkew: Duration = .milliseconds(500)
    /// How often a broker's wall clock is set to another error.
    package var clockJumps = 0
    /// The fraction of answers whose token a resource server rejects.
    package var rejections = 0.0
    /// How many brokers are killed, each at a random time. They restart within seconds.
    package var crashes = 0
    /// Whether the first broker that calls the issuer is killed while it waits for the answer.
    package var killsFirstHolder = false
    /// Parts of all store calls that are lost, fail or answer after the caller's maxWait, and of issuer calls that
    /// fail.
    package var storeFaults = 0.0
    package var issuerFaults = 0.0
    /// The fraction of issuer calls that are answered with 429 and `Retry-After: 3`.
    package var issuerThrottles = 0.0
    /// When the issuer is down, in seconds.
    package var issuerOutage: ClosedRange<Double>?
    /// Whether a policy denies all writes.
    package var deniesWrites = false
    /// Whether writes are made at once, but answered after the client's timeout.
    package var answersWritesLate = false
    /// Whether tokens are JSON Web Tokens with an `exp`; else they are opaque.
    package var hasDatedTokens = false
    package var timeout: Duration = .seconds(5)
    package init() {}
}
