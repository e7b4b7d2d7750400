internal import LatchkeyCore
internal import LatchkeyHTTP

/// How long an answer asks its reader to wait.
struct RetryHint {
    /// `Retry-After` (RFC 9110 §10.2.3), as a length; never negative, at most ``longestWait``.
    let retryAfter: Duration?
    /// `Retry-After`, else `x-ratelimit-reset` (seconds since the epoch), else the reset of a quota that is used up.
    let longest: Duration?

    /// No issuer is left alone for longer than a day on the word of a header.
    static let longestWait: Duration = .seconds(86_400)

    /// Dates are measured against the response's own `Date`, so a wrong clock on this machine changes nothing.
    init(_ fields: HTTPFields, now: WallTime) {
        let sent = fields["Date"].flatMap { HTTPDate.parse($0) } ?? now
        func bounded(_ wait: Duration) -> Duration { min(max(.zero, wait), Self.longestWait) }
        retryAfter = fields["Retry-After"].flatMap { text -> Duration? in
            if let seconds = Self.seconds(text) { return bounded(.seconds(seconds)) }
            return HTTPDate.parse(text).map { bounded($0 - sent) }
        }
        let reset = fields["x-ratelimit-reset"].flatMap(Self.seconds).map { bounded(WallTime(seconds: $0) - sent) }
        longest = retryAfter ?? reset ?? IssuerQuota(fields, now: now).exhaustedFor.map(bounded)
    }

    /// `delay-seconds`: digits alone; more digits than fit mean a very long time.
    private static func seconds(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(Grammar.isDigit) else { return nil }
        return Int64(text) ?? .max
    }
}
