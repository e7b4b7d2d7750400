internal import LatchkeyHTTP

/// The AWS SDKs' `standard` retry mode: how often, and how long to wait. Pure; chance is a parameter.
package struct RetryPolicy: Hashable, Sendable {
    /// The first attempt included (`AWS_MAX_ATTEMPTS`).
    package var maxAttempts = 3

    package init(maxAttempts: Int = 3) { self.maxAttempts = max(1, maxAttempts) }

    /// Whether another attempt may succeed.
    package static func isRetryable(_ error: AWSError) -> Bool {
        switch error.kind {
        // Held back by our own rate: the next try would be too.
        case .throttled: error.code != AWSError.localRateLimit
        // A proxy that refuses does so again.
        case .unavailable: error.transport?.proxyFailure?.isTransient ?? true
        // An answer cut off or garbled on its way; a body over the bound would be over it again.
        case .invalidAnswer: error.transport != .tooLarge
        case .notFound, .denied, .expiredCredentials, .noCredentials, .alreadyExists, .conditionFailed, .invalidRequest,
            .timedOut:
            false
        }
    }

    /// How long to wait before attempt `attempt` + 1: a random part of an exponentially growing bound, 50 ms at first
    /// for faults and 1 s for throttling, never over 20 s. A `x-amz-retry-after` raises it, by 5 s at the most.
    ///
    /// - Parameters:
    ///   - attempt: the one that has just failed, counted from 1.
    ///   - chance: a random number in 0..<1.
    package static func delay(after attempt: Int, _ error: AWSError, chance: Double) -> Duration {
        let base = error.kind == .throttled ? 1.0 : 0.05
        let bound = min(base * Double(1 << min(attempt - 1, 10)), 20)
        let delay = chance * bound
        guard let asked = error.retryAfterMilliseconds, asked > 0 else { return .seconds(delay) }
        return .seconds(max(delay, min(Double(asked) / 1000, delay + 5)))
    }
}

/// The retry quota of standard mode: retries spend from a purse that successes fill, so that an outage is met with
/// retries at first and with none after a while.
package struct RetryQuota: Sendable {
    private static let capacity = 500
    private var available = Self.capacity

    package init() {}

    /// The cost of a retry after `error`.
    package static func cost(_ error: AWSError) -> Int { error.kind == .throttled ? 5 : 14 }

    /// Pays for a retry; false, and nothing paid, when the purse is too light.
    package mutating func spend(_ cost: Int) -> Bool {
        guard cost <= available else { return false }
        available -= cost
        return true
    }

    /// A call succeeded: the cost of its last retry comes back, or 1 where it needed none.
    package mutating func succeeded(lastRetryCost: Int?) {
        available = min(Self.capacity, available + (lastRetryCost ?? 1))
    }
}
