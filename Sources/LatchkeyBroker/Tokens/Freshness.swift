package import LatchkeyCore

/// How good a token is at one moment.
package enum Freshness: String, Hashable, Sendable {
    /// Served; nobody is asked.
    case fresh
    /// Inside its buffer: served while another is fetched in the background.
    case stale
    /// Expired by either clock: never served; callers wait for another.
    case invalid

    /// - Parameters:
    ///   - useBy: when the next token should be there.
    ///   - expiry: when this one ends.
    package init(useBy: Expiry, expiry: Expiry, _ now: Now) {
        if expiry.hasPassed(now) {
            self = .invalid
        } else {
            self = useBy.hasPassed(now) ? .stale : .fresh
        }
    }
}

extension AccessToken {
    package func freshness(_ now: Now) -> Freshness { Freshness(useBy: useBy, expiry: expiry, now) }

    /// When this broker begins to look for the next token: somewhere in the first half of the buffer.
    ///
    /// Each replica draws its own, so that they do not all ask the shared tier at once; the first to come gets the
    /// lease, and the others find its token.
    ///
    /// - Parameter chance: uniform in [0, 1).
    func refreshFrom(chance: Double) -> Expiry {
        let room = max(.zero, min(expiry.wall - useBy.wall, expiry.monotonic - useBy.monotonic))
        return useBy.later(by: room / 2 * chance)
    }
}
