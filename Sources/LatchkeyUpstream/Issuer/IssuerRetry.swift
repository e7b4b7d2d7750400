internal import LatchkeyCore
internal import LatchkeyHTTP

/// When to ask an issuer again: at most ``attempts`` requests a call, full jitter between them, never past the deadline.
package struct IssuerRetry {
    /// Requests of one call, unless its caller wants fewer.
    package static let attempts = 3
    /// The wait before attempt n + 2 is random in [0, base · 2^n).
    static let base: Duration = .milliseconds(100)

    private(set) var attempt = 1
    private let most: Int

    init(atMost most: Int = Self.attempts) { self.most = most }

    /// When to send the next attempt, or nil to give up.
    ///
    /// - Parameter random: uniform in [0, 1).
    mutating func next(
        notBefore: Duration?, now: MonotonicTime, deadline: MonotonicTime, random: Double
    ) -> MonotonicTime? {
        guard attempt < most else { return nil }
        let jitter = Self.base * Double(1 << (attempt - 1)) * random
        let time = now + max(jitter, notBefore ?? .zero)
        guard time < deadline else { return nil }
        attempt += 1
        return time
    }

    /// Whether a failure of the wire may pass by itself. A certificate that does not verify, a name that does not
    /// exist or a peer that speaks something else stays as it is for longer than a call lasts.
    static func isTransient(_ error: HTTPClientError) -> Bool {
        switch error {
        case .connectFailed, .connectTimedOut, .closedBeforeResponse, .truncated: true
        case .proxy(let failure): failure.isTransient
        case .nameNotResolved, .tlsFailed, .timedOut, .malformed, .tooLarge, .unexpectedEncoding, .shutDown: false
        }
    }
}
