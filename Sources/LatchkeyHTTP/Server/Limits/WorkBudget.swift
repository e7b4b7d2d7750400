package import LatchkeyCore

/// The work of one connection in one turn of its event loop. The rest is deferred until other connections have had a turn.
package struct WorkBudget {
    private let maxRequests: Int
    private let time: Duration
    private var used = 0
    private var end = MonotonicTime(nanoseconds: .max)

    /// - Parameters:
    ///   - requests: the maximum number of requests and replies in one turn. The first is always allowed.
    ///   - time: after this time, measured from the second request, no further one is started.
    package init(requests: Int, time: Duration) {
        maxRequests = requests
        self.time = time
    }

    /// Starts a turn.
    @inline(__always)
    package mutating func begin() { used = 0 }

    /// Counts one more request or reply.
    ///
    /// - Parameter clock: read from the second one on, so that a turn with one request reads no clock.
    /// - Returns: false when the budget of this turn is used up.
    @inline(__always)
    package mutating func take(_ clock: () -> MonotonicTime) -> Bool {
        used += 1
        return used == 1 || hasTimeAndRequestsLeft(clock)
    }

    private mutating func hasTimeAndRequestsLeft(_ clock: () -> MonotonicTime) -> Bool {
        let now = clock()
        if used == 2 { end = now + time }
        return used <= maxRequests && now < end
    }
}
