package import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// What is left of an issuer's rate limits and quotas, from the fields of a response.
package struct IssuerQuota: Hashable, Sendable {
    /// One rate limit or quota.
    package struct Allowance: Hashable, Sendable {
        package var bucket: QuotaBucket
        /// Requests left; never negative.
        package var remaining: Int64
        /// Requests in all, at least 1; nil if unknown.
        package var limit: Int64?
        /// The time until the allowance is full again; never negative, nil if unknown.
        package var resetsAfter: Duration?

        package init(
            bucket: QuotaBucket, remaining: Int64, limit: Int64? = nil, resetsAfter: Duration? = nil
        ) {
            self.bucket = bucket
            self.remaining = remaining
            self.limit = limit
            self.resetsAfter = resetsAfter
        }

        /// Whether at most a tenth of the limit is left, or nothing if the limit is unknown.
        var isLow: Bool { limit.map { remaining <= $0 / IssuerQuota.lowShare } ?? (remaining == 0) }
    }

    /// An allowance is low if at most one part in this many is left.
    package static let lowShare: Int64 = 10
    /// How long to conserve a low allowance if its reset time is unknown.
    package static let defaultConservation: Duration = .seconds(60)
    /// The longest wait that a field of a response can cause: a day.
    package static let maxWait: Duration = .seconds(86_400)

    /// At most one for each bucket, in the order of the fields.
    package private(set) var allowances: [Allowance] = []

    package init(allowances: [Allowance] = []) { self.allowances = allowances }

    /// Reads `x-ratelimit-*`, `Auth0-Client-Quota-Limit` and `Auth0-Organization-Quota-Limit`. Ignores what is not
    /// valid, because nothing depends on it.
    ///
    /// - Parameter now: our wall clock, to which `x-ratelimit-reset` (seconds since the epoch) is compared if the
    ///   response has no `Date`.
    package init(_ fields: HTTPFields, now: WallTime) {
        if let remaining = fields["x-ratelimit-remaining"].flatMap({ Int64($0) }), remaining >= 0 {
            let sent = fields.date ?? now
            let reset = fields["x-ratelimit-reset"].flatMap { Int64($0) }
            add(
                Allowance(
                    bucket: .rate, remaining: remaining,
                    limit: fields["x-ratelimit-limit"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil },
                    resetsAfter: reset.map { max(.zero, WallTime(seconds: $0) - sent) }))
        }
        for value in fields.values("Auth0-Client-Quota-Limit") {
            add(value, hour: .clientHour, day: .clientDay)
        }
        for value in fields.values("Auth0-Organization-Quota-Limit") {
            add(value, hour: .organizationHour, day: .organizationDay)
        }
    }

    package subscript(bucket: QuotaBucket) -> Allowance? { allowances.first { $0.bucket == bucket } }

    /// The longest time until an allowance that is used up is full again.
    var exhaustedFor: Duration? { allowances.filter { $0.remaining == 0 }.compactMap(\.resetsAfter).max() }

    /// How long to make only the requests that are needed: until every low allowance is full again. Nil if none is low.
    package var conserveFor: Duration? {
        allowances.filter(\.isLow).map { min($0.resetsAfter ?? Self.defaultConservation, Self.maxWait) }.max()
    }

    private mutating func add(_ allowance: Allowance) {
        if self[allowance.bucket] == nil { allowances.append(allowance) }
    }

    /// Adds the quotas of one field of Auth0: `b=per_hour;q=10;r=7;t=3540,b=per_day;…`. In an older form the first part
    /// is `per_hour` without a name.
    private mutating func add(_ value: String, hour: QuotaBucket, day: QuotaBucket) {
        // No valid value has other characters, and comparing them is not linear in their number.
        guard value.utf8.allSatisfy({ $0 < 0x80 }) else { return }
        for piece in value.split(separator: ",").prefix(8) {
            var bucket: QuotaBucket?
            var remaining: Int64?
            var limit: Int64?
            var resetsAfter: Duration?
            for part in piece.split(separator: ";") {
                let half = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
                guard let name = half.first else { continue }
                let text = half.count > 1 ? half[1] : nil
                switch (name, text) {
                case ("b", "per_hour"), ("per_hour", nil): bucket = hour
                case ("b", "per_day"), ("per_day", nil): bucket = day
                case ("q", let text?): limit = Int64(text).flatMap { $0 > 0 ? $0 : nil }
                case ("r", let text?): remaining = Int64(text)
                case ("t", let text?): resetsAfter = Int64(text).flatMap { $0 >= 0 ? .seconds($0) : nil }
                default: continue
                }
            }
            if let bucket, let remaining, remaining >= 0 {
                add(Allowance(bucket: bucket, remaining: remaining, limit: limit, resetsAfter: resetsAfter))
            }
        }
    }
}
