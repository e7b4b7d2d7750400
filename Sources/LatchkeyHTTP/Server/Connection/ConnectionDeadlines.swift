/// The deadline of a connection, which depends on what it waits for. A pure value; times are nanoseconds of the clock of the
/// event loop.
struct ConnectionDeadlines {
    /// What a connection waits for.
    enum Wait {
        /// The rest of the TLS handshake.
        case handshake(isDraining: Bool)
        /// Its next turn of the event loop.
        case turn
        /// A handler that answers later and has a deadline of its own.
        case handler
        /// The end of the delay of a reply.
        case delay(until: Int64)
        /// The peer, to accept reply bytes.
        case output
        /// The rest of a head.
        case head
        /// The rest of a body.
        case body
        /// The next request.
        case request(isDraining: Bool)
        /// The end of the peer's stream, after the last reply.
        case lingering
    }

    /// When the connection was accepted.
    let openedAt: Int64
    /// Whether the connection is over the cap: it is answered with 503, and closed within
    /// ``ServerLimits/overCapacityLifetime``.
    let isOverCapacity: Bool
    /// Whether a valid request has been received. Until then the connection ends ``ServerLimits/firstRequestTimeout`` after
    /// it was accepted.
    var hasValidRequest = false
    /// When the first byte of the current message arrived; nil between messages.
    var messageStart: Int64?
    /// When the last request was complete, the kernel last accepted bytes, or lingering began.
    var waitingSince: Int64
    /// When reading stopped within a message, because replies must be sent first. This time does not count against the
    /// peer.
    private var pausedAt: Int64?

    init(openedAt: Int64, isOverCapacity: Bool) {
        self.openedAt = openedAt
        self.isOverCapacity = isOverCapacity
        waitingSince = openedAt
    }

    /// Reading stops until replies have been sent.
    mutating func pause(_ now: Int64) {
        if messageStart != nil, pausedAt == nil { pausedAt = now }
    }

    /// Reading continues.
    mutating func resume(_ now: Int64) {
        guard let pausedAt else { return }
        if let start = messageStart { messageStart = start &+ (now &- pausedAt) }
        self.pausedAt = nil
    }

    /// The deadline of `wait`; `.max` when it has none.
    func deadline(_ wait: Wait, _ timeouts: ConnectionTimeouts) -> Int64 {
        switch wait {
        case .turn, .handler: .max
        case .delay(let end): end
        case .handshake(let isDraining):
            overCapacityRequest(
                timeouts,
                isDraining
                    ? min(waitingSince &+ timeouts.drainGrace, openedAt &+ timeouts.handshake)
                    : openedAt &+ timeouts.handshake)
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
