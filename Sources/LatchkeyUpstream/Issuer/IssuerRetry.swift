internal import LatchkeyCore
internal import LatchkeyHTTP

/// When to repeat a request to an issuer: a limited number of attempts, with full jitter between them, none after the
/// deadline.
package struct IssuerRetry {
    /// Attempts of one call, unless its caller wants fewer.
    package static let maxAttempts = 3
    private static let backoff = Backoff(base: .milliseconds(100), cap: .seconds(1), jitter: .full)

    /// Counted from 1.
    private(set) var attempt = 1
    private let maxAttempts: Int

    init(maxAttempts: Int = Self.maxAttempts) { self.maxAttempts = maxAttempts }

    /// When to send the next attempt. Nil to give up.
    ///
    /// - Parameters:
    ///   - notBefore: the wait that the issuer asked for.
    ///   - jitter: uniform in 0..<1.
    mutating func next(
        notBefore: Duration?, now: MonotonicTime, deadline: MonotonicTime, jitter: Double
    ) -> MonotonicTime? {
        guard attempt < maxAttempts else { return nil }
        let delay = Self.backoff.delay(afterFailures: attempt, random: jitter)
        let time = now + max(delay, notBefore ?? .zero)
        guard time < deadline else { return nil }
        attempt += 1
        return time
    }

    /// Whether a failed request may succeed when repeated. An invalid certificate, an unknown name and a server that
    /// does not speak HTTP stay as they are for longer than a call lasts.
    static func isTransient(_ error: HTTPClientError) -> Bool {
        switch error {
        case .connectFailed, .connectTimedOut, .closedBeforeResponse, .truncated: true
        case .proxy(let failure): failure.isTransient
        case .nameNotResolved, .tlsFailed, .timedOut, .malformed, .tooLarge, .unexpectedEncoding, .shutDown: false
        }
    }
}
