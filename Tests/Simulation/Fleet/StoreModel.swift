import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics

/// A model of the store where replicas share tokens, with one quota for reads and one for writes.
struct StoreModel {
    /// The result of a write.
    enum WriteResult {
        case throttled
        /// The write was executed. False if its condition did not hold, or if another replica won the lease.
        case done(Bool)
    }

    private var parameters = ParameterModel()
    private var table = TableModel()
    private let usesTable: Bool
    private var reads: TokenBucket
    private var writes: TokenBucket
    /// The number of requests, and of those that were throttled.
    private(set) var readsSeen = 0
    private(set) var readsThrottled = 0
    private(set) var writesSeen = 0
    private(set) var writesThrottled = 0

    init(_ scenario: Scenario) {
        usesTable = scenario.usesTable
        reads = TokenBucket(perSecond: Double(scenario.readsPerSecond))
        writes = TokenBucket(perSecond: Double(scenario.writesPerSecond))
    }

    /// Reads token, expiry and lease in one request; nil if throttled.
    mutating func read(_ now: Now) -> SharedTokenSnapshot? {
        readsSeen += 1
        guard reads.take(now.monotonic) else {
            readsThrottled += 1
            return nil
        }
        return usesTable ? table.item : parameters.read(now)
    }

    /// Executes a write.
    ///
    /// - Parameter lag: the time until reads of a parameter return it.
    mutating func write(_ request: StoreRequest, lag: Duration, _ now: Now) -> WriteResult {
        writesSeen += 1
        guard writes.take(now.monotonic) else {
            writesThrottled += 1
            return .throttled
        }
        return .done(usesTable ? table.write(request) : parameters.write(request, lag: lag, now))
    }
}
