import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics

/// One broker of the fleet: the product's own state and trip, and what the world keeps for it.
struct SimulatedBroker {
    /// Somebody who waits for an answer.
    struct Waiter {
        let since: MonotonicTime
        let deadline: MonotonicTime
    }

    /// The flight under way.
    struct Flight {
        var trip: TokenRefresh
        let reason: RefreshReason
        let since: MonotonicTime
        let deadline: MonotonicTime
        /// Steps taken: the answer to an earlier one is nobody's.
        var step = 0
    }

    /// A pair on its way to the store.
    struct Write {
        var pair: StoredToken
        var text: String
        var by: MonotonicTime
        /// Goes over our own lease once the pair is there.
        var notice: (lease: Lease, seen: SharedTokenSnapshot)?
        var attempt = 1
    }

    var state = ProfileState()
    var flight: Flight?
    var waiters: [Waiter] = []
    var writing: Write?
    var nextWrite: Write?
    /// The store could not be read the last time.
    var isStoreFailing = false
    /// Counts up at each crash: what was meant for an earlier life is lost.
    var life = 0
    var isUp = false
    var skew: Duration
    /// When its wall clock was last set.
    var jumped: MonotonicTime?
    /// What resource servers refused: never to be served again.
    var rejected: Set<String> = []
    var firstCall: MonotonicTime?
    var hasHadToken = false
    /// Since when callers have been refused; nil while they are served.
    var refusedSince: MonotonicTime?
}
