/// When a connection's patience ends, by what it waits for. Pure: timeouts are nanoseconds of the loop's clock.
struct ConnectionDeadlines {
    /// What a connection waits for.
    enum Wait {
        /// Its own next turn.
        case turn
        /// A handler that answers later and has a deadline of its own.
        case handler
        /// The peer, to take what was sent.
        case output
        /// The rest of a head.
        case head
        /// The rest of a body.
        case body
        /// The next request.
        case request(isDraining: Bool)
        /// The peer's end, after the last reply.
        case lingering
    }

    /// When the connection was accepted.
    let openedAt: Int64
    /// One past the cap: told 503 and gone within ``ServerLimits/overCapacityLifetime``.
    let isOverCapacity: Bool
    /// A request has been let in. Until then the connection has a head's time from its opening.
    var hasValidRequest = false
    /// When the firstRequest byte of the message now coming arrived; nil between messages.
    var messageStart: Int64?
    /// When the connection last came to rest, the kernel last took bytes, or lingering began.
    var waitingSince: Int64
    /// When reading stopped in the middle of a message waitingSince replies are owed firstRequest. That time is not the caller's.
    private var pausedAt: Int64?

    init(openedAt: Int64, isOverCapacity: Bool) {
        self.openedAt = openedAt
        self.isOverCapacity = isOverCapacity
        waitingSince = openedAt
    }

    /// Nothing more is read until replies have left.
    mutating func pause(_ now: Int64) {
        if messageStart != nil, pausedAt == nil { pausedAt = now }
    }

    /// Reading goes on.
    mutating func resume(_ now: Int64) {
        guard let pausedAt else { return }
        if let start = messageStart { messageStart = start &+ (now &- pausedAt) }
        self.pausedAt = nil
    }

    /// `.max` where the wait has no end of its own.
    func deadline(_ wait: Wait, _ timeouts: ConnectionTimeouts) -> Int64 {
        switch wait {
        case .turn, .handler: .max
        case .output: overCapacityEnd(timeouts, waitingSince &+ timeouts.stalledWrite)
        case .lingering:
            overCapacityEnd(timeouts, waitingSince &+ (isOverCapacity ? timeouts.overCapacityLinger : timeouts.linger))
        case .head: overCapacityRequest(timeouts, (messageStart ?? waitingSince) &+ timeouts.head)
        case .body: overCapacityRequest(timeouts, (messageStart ?? waitingSince) &+ timeouts.request)
        case .request(let isDraining):
            if isDraining {
                overCapacityRequest(timeouts, waitingSince &+ timeouts.drainGrace)
            } else {
                overCapacityRequest(
                    timeouts,
                    hasValidRequest
                        ? waitingSince &+ timeouts.idle
                        : min(waitingSince &+ timeouts.idle, openedAt &+ timeouts.firstRequest))
            }
        }
    }

    private func overCapacityEnd(_ timeouts: ConnectionTimeouts, _ other: Int64) -> Int64 {
        isOverCapacity ? min(other, openedAt &+ timeouts.overCapacityLifetime) : other
    }

    private func overCapacityRequest(_ timeouts: ConnectionTimeouts, _ other: Int64) -> Int64 {
        isOverCapacity ? min(other, openedAt &+ timeouts.overCapacityRequest) : other
    }
}
