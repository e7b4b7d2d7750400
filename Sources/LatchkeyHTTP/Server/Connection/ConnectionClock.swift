/// When a connection's patience ends, by what it waits for. Pure: times are nanoseconds of the loop's clock.
struct ConnectionClock {
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
    let opened: Int64
    /// One past the cap: told 503 and gone within ``ServerLimits/overCapacityLifetime``.
    let isOverCapacity: Bool
    /// A request has been let in. Until then the connection has a head's time from its opening.
    var hasBroughtRequest = false
    /// When the first byte of the message now coming arrived; nil between messages.
    var messageStart: Int64?
    /// When the connection last came to rest, the kernel last took bytes, or lingering began.
    var since: Int64
    /// When reading stopped in the middle of a message since replies are owed first. That time is not the caller's.
    private var pausedAt: Int64?

    init(opened: Int64, isOverCapacity: Bool) {
        self.opened = opened
        self.isOverCapacity = isOverCapacity
        since = opened
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
    func deadline(_ wait: Wait, _ times: ConnectionTimes) -> Int64 {
        switch wait {
        case .turn, .handler: .max
        case .output: overCapacityEnd(times, since &+ times.stalledWrite)
        case .lingering:
            overCapacityEnd(times, since &+ (isOverCapacity ? times.overCapacityLinger : times.linger))
        case .head: overCapacityRequest(times, (messageStart ?? since) &+ times.head)
        case .body: overCapacityRequest(times, (messageStart ?? since) &+ times.request)
        case .request(let isDraining):
            if isDraining {
                overCapacityRequest(times, since &+ times.drainGrace)
            } else {
                overCapacityRequest(
                    times, hasBroughtRequest ? since &+ times.idle : min(since &+ times.idle, opened &+ times.first))
            }
        }
    }

    private func overCapacityEnd(_ times: ConnectionTimes, _ other: Int64) -> Int64 {
        isOverCapacity ? min(other, opened &+ times.overCapacityLifetime) : other
    }

    private func overCapacityRequest(_ times: ConnectionTimes, _ other: Int64) -> Int64 {
        isOverCapacity ? min(other, opened &+ times.overCapacityRequest) : other
    }
}
