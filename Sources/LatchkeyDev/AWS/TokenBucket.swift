internal import LatchkeyCore

/// A request quota: so many a second, and as many at once after a quiet second.
struct TokenBucket {
    private let perSecond: Double
    private var tokens: Double
    private var filled: MonotonicTime?

    init(perSecond: Double) {
        self.perSecond = perSecond
        tokens = perSecond
    }

    /// Whether one more request is within the quota now; counts it if so.
    mutating func take(at now: MonotonicTime) -> Bool {
        if let filled {
            tokens = min(perSecond, tokens + max(0, (now - filled).inSeconds) * perSecond)
        }
        filled = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Whole requests left.
    var remaining: Int64 { Int64(tokens) }
}
