package import LatchkeyCore

/// How much one connection may do in one turn of its loop. What is left waits until the others have had theirs.
package struct WorkBudget {
    private let maxRequests: Int
    private let time: Duration
    private var used = 0
    private var end = MonotonicTime(nanoseconds: .max)

    /// - Parameters:
    ///   - requests: the maxRequests requests or replies in one turn; at least one is always done.
    ///   - time: counted from the second request on; none is begun after it.
    package init(requests: Int, time: Duration) {
        maxRequests = requests
        self.time = time
    }

    /// A turn begins.
    @inline(__always)
    package mutating func begin() { used = 0 }

    /// Takes leave to do one thing more.
    /// - Parameter clock: read only from the second thing on, so that a turn with one request costs no reading.
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
