internal import LatchkeyCore

/// A request quota: a steady rate, with a burst of up to one second's worth.
struct TokenBucket {
    private let perSecond: Double
    private var tokens: Double
    private var filled: MonotonicTime?

    init(perSecond: Double) {
        self.perSecond = perSecond
        tokens = perSecond
    }

    /// Takes a token. Returns false if the quota is used up.
    mutating func take(at now: MonotonicTime) -> Bool {
        if let filled {
            tokens = min(perSecond, tokens + max(0, (now - filled).inSeconds) * perSecond)
        }
        filled = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// The requests left now, rounded down.
    var remaining: Int64 { Int64(tokens) }
}
