package import LatchkeyCore

/// Whether a token may be served at a given time, and whether it should be refreshed.
package enum Freshness: String, Hashable, Sendable {
    /// Served without a refresh.
    case fresh
    /// Inside its ``ExpiryBuffer``: served while a refresh runs in the background.
    case stale
    /// Expired on either clock: never served. Callers wait for a new token.
    case invalid

    /// - Parameters:
    ///   - useBy: the start of the buffer.
    ///   - expiry: the end of the token.
    package init(useBy: Expiry, expiry: Expiry, _ now: Now) {
        if expiry.hasPassed(now) {
            self = .invalid
        } else {
            self = useBy.hasPassed(now) ? .stale : .fresh
        }
    }
}

extension TokenEntry {
    package func freshness(_ now: Now) -> Freshness { Freshness(useBy: useBy, expiry: expiry, now) }

    /// Whether the token is inside its buffer: valid, still served, and due for a refresh (`X-Latchkey-Stale`).
    package func isStale(_ now: Now) -> Bool { freshness(now) != .fresh }
}

extension AccessToken {
    package func freshness(_ now: Now) -> Freshness { Freshness(useBy: useBy, expiry: expiry, now) }

    /// When this replica starts to refresh the token: a random time in the first half of the buffer.
    ///
    /// Each replica draws its own time, so that the replicas do not all read the shared tier at once. The first one
    /// gets the lease, and the others find its token.
    ///
    /// - Parameter jitter: uniform in [0, 1).
    func refreshFrom(jitter: Double) -> Expiry {
        let buffer = max(.zero, min(expiry.wall - useBy.wall, expiry.monotonic - useBy.monotonic))
        return useBy.later(by: buffer / 2 * jitter)
    }
}
