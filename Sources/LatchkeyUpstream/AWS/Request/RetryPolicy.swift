internal import LatchkeyCore
internal import LatchkeyHTTP

/// The `standard` retry mode of the AWS SDKs: how many attempts, and how long to wait between them. Pure.
package struct RetryPolicy: Hashable, Sendable {
    /// Attempts of one call, the first included (`AWS_MAX_ATTEMPTS`).
    package let maxAttempts: Int

    package init(maxAttempts: Int = 3) { self.maxAttempts = max(1, maxAttempts) }

    private static let faultBackoff = Backoff(base: .milliseconds(50), cap: .seconds(20), jitter: .full)
    private static let throttlingBackoff = Backoff(base: .seconds(1), cap: .seconds(20), jitter: .full)
    /// How far `x-amz-retry-after` may exceed the backoff.
    private static let maxExtension: Duration = .seconds(5)

    /// Whether another attempt may succeed.
    package static func isRetryable(_ error: AWSError) -> Bool {
        switch error.kind {
        // Our own rate limit would hold the next attempt back too.
        case .throttled: error.code != AWSError.localRateLimit
        // A proxy that refuses the destination refuses it again.
        case .unavailable: error.transport?.proxyError?.isTransient ?? true
        // A response can be damaged on its way, but one over the size limit stays over it.
        case .invalidAnswer: error.transport != .tooLarge
        case .notFound, .denied, .expiredCredentials, .noCredentials, .alreadyExists, .conditionFailed, .invalidRequest,
            .timedOut:
            false
        }
    }

    /// How long to wait after a failed attempt: exponential backoff with full jitter. `x-amz-retry-after` can extend
    /// the delay by up to 5 s.
    ///
    /// - Parameters:
    ///   - attempt: the attempt that failed, counted from 1.
    ///   - jitter: a random number in 0..<1.
    package static func delay(after attempt: Int, _ error: AWSError, jitter: Double) -> Duration {
        let backoff = error.kind == .throttled ? throttlingBackoff : faultBackoff
        let delay = backoff.delay(afterFailures: attempt, random: jitter)
        guard let asked = error.retryAfterMilliseconds, asked > 0 else { return delay }
        return max(delay, min(.milliseconds(asked), delay + maxExtension))
    }
}
