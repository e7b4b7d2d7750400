import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics

/// One broker of the fleet: the product's own state machines, and what the simulation needs around them.
struct SimulatedBroker {
    /// A caller that waits for an answer.
    struct Waiter {
        let since: MonotonicTime
        let deadline: MonotonicTime
    }

    /// The refresh in progress.
    struct Running {
        var refresh: TokenRefresh
        let reason: RefreshReason
        let since: MonotonicTime
        let deadline: MonotonicTime
        /// The number of steps so far. An answer to an earlier step is dropped.
        var step = 0
    }

    /// A pair that is being written to the store.
    struct Write {
        var pair: StoredToken
        var text: String
        var by: MonotonicTime
        /// The update of the broker's own lease, to be written after the pair.
        var leaseUpdate: LeaseUpdate?
        var attempt = 1
    }

    var state = ProfileState()
    var running: Running?
    var waiters: [Waiter] = []
    var writing: Write?
    var nextWrite: Write?
    /// Whether the last read of the store failed.
    var isStoreFailing = false
    /// Incremented by each crash. Events for an earlier life are dropped.
    var life = 0
    var isUp = false
    var skew: Duration
    /// When the wall clock was last set.
    var jumped: MonotonicTime?
    /// The tokens that resource servers rejected.
    var rejected: Set<String> = []
    var firstCall: MonotonicTime?
    var hasHadToken = false
    /// Since when callers have been refused; nil while they are served.
    var refusedSince: MonotonicTime?
}
