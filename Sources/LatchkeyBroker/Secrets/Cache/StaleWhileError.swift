internal import LatchkeyCore

/// When an expired value or absence is still served: while its store fails (stale-while-error).
///
/// - A store that cannot answer, or that returns an invalid response, says nothing about the item. The cached value is
///   served beyond its TTL then, for at most `LATCHKEY_STALE_TTL`. It is read again in the background after each
///   backoff, so that a slow store does not delay callers twice.
/// - A denial, a refusal or "not found" is an answer. Nothing is served beyond its TTL after it, because access may
///   have been revoked.
enum StaleWhileError {
    /// Whether the fault of the last read allows serving a value beyond its TTL.
    static func isAllowed(after fault: UpstreamFault) -> Bool {
        switch fault.reason {
        case .throttled, .budgetSpent, .unavailable, .timedOut, .invalid, .overloaded, .notReady: true
        case .notFound, .denied, .refused: false
        }
    }

    /// Whether a value is served now.
    ///
    /// - Parameter fault: of the last read; nil if it succeeded.
    static func serves(
        freshUntil: MonotonicTime, staleUntil: MonotonicTime, after fault: UpstreamFault?, _ now: Now
    ) -> Bool {
        if now.monotonic < freshUntil { return true }
        return now.monotonic < staleUntil && fault.map { isAllowed(after: $0) } ?? false
    }
}
