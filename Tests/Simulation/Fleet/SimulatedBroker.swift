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

    /// The write in progress.
    struct Writing {
        let write: SharedWrite
        /// Identifies the write, so that the end of an earlier write's pause is dropped.
        let number: Int
        var isPausing = false
    }

    var state = ProfileState()
    let health = TierHealth()
    var running: Running?
    var waiters: [Waiter] = []
    var writes = SharedWriteQueue()
    var writing: Writing?
    /// The number of writes so far.
    var writeCount = 0
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

    init(life: Int = 0, skew: Duration) {
        self.life = life
        self.skew = skew
    }
}
