internal import LatchkeyCore
internal import LatchkeyHTTP

/// How long a response asks the client to wait. Never negative, at most ``IssuerQuota/maxWait``.
struct RetryHint {
    /// `Retry-After` (RFC 9110 §10.2.3) as a duration.
    let retryAfter: Duration?
    /// The wait after throttling: `Retry-After`, else until `x-ratelimit-reset` (seconds since the epoch), else until
    /// the reset of a quota that is used up.
    let throttleWait: Duration?

    /// Dates are compared to the response's own `Date`, so that an error of our clock has no effect.
    init(_ fields: HTTPFields, quota: IssuerQuota, now: WallTime) {
        let sent = fields.date ?? now
        func bounded(_ wait: Duration) -> Duration { min(max(.zero, wait), IssuerQuota.maxWait) }
        retryAfter = fields["Retry-After"].flatMap { text -> Duration? in
            if let seconds = Self.seconds(text) { return bounded(.seconds(seconds)) }
            return HTTPDate.parse(text).map { bounded($0 - sent) }
        }
        let reset = fields["x-ratelimit-reset"].flatMap(Self.seconds).map { bounded(WallTime(seconds: $0) - sent) }
        throttleWait = retryAfter ?? reset ?? quota.exhaustedFor.map(bounded)
    }

    /// `delay-seconds`: digits only. A number that does not fit means a very long time.
    private static func seconds(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        return Int64(text) ?? .max
    }
}
