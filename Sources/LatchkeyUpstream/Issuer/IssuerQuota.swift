package import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// What an answer's headers say is left of the issuer's allowances.
package struct IssuerQuota: Hashable, Sendable {
    /// One allowance.
    package struct Allowance: Hashable, Sendable {
        package var bucket: QuotaBucket
        /// Requests left; never negative.
        package var remaining: Int64
        /// Requests when it is full, at least 1; nil where the header does not say.
        package var limit: Int64?
        /// Time until it is full again, not negative; nil where the header does not say.
        package var resetsAfter: Duration?

        package init(
            bucket: QuotaBucket, remaining: Int64, limit: Int64? = nil, resetsAfter: Duration? = nil
        ) {
            self.bucket = bucket
            self.remaining = remaining
            self.limit = limit
            self.resetsAfter = resetsAfter
        }

        /// A tenth of the limit or less is left; nothing, where no limit is told.
        var isLow: Bool { limit.map { remaining <= $0 / IssuerQuota.lowShare } ?? (remaining == 0) }
    }

    /// An allowance is low when one part in so many of it is left.
    package static let lowShare: Int64 = 10
    /// How long a low allowance is spared that does not say when it is full again.
    package static let restWithoutReset: Duration = .seconds(60)
    /// The longest an allowance is spared on the word of a header.
    package static let longestRest: Duration = .seconds(86_400)

    /// At most one for each bucket, in header order.
    package private(set) var allowances: [Allowance] = []

    package init(allowances: [Allowance] = []) { self.allowances = allowances }

    /// Reads `x-ratelimit-*`, `Auth0-Client-Quota-Limit` and `Auth0-Organization-Quota-Limit`.
    ///
    /// Auth0 writes a quota as `b=per_hour;q=10;r=7;t=3540,b=per_day;…`; an older form begins with a bare `per_hour`.
    /// What cannot be read is left out: these headers inform and are never needed.
    ///
    /// - Parameter now: measures `x-ratelimit-reset` (seconds since the epoch) where the answer has no `Date`.
    package init(_ fields: HTTPFields, now: WallTime) {
        if let remaining = fields["x-ratelimit-remaining"].flatMap({ Int64($0) }), remaining >= 0 {
            let sent = fields["Date"].flatMap { HTTPDate.parse($0) } ?? now
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

    /// The longest wait for an allowance that is used up.
    var exhaustedFor: Duration? { allowances.filter { $0.remaining == 0 }.compactMap(\.resetsAfter).max() }

    /// How long nobody should ask for a token who has one: the longest time until a low allowance is full again. Nil
    /// while none is low.
    package var lowFor: Duration? {
        allowances.filter(\.isLow).map { min($0.resetsAfter ?? Self.restWithoutReset, Self.longestRest) }.max()
    }

    private mutating func add(_ allowance: Allowance) {
        if self[allowance.bucket] == nil { allowances.append(allowance) }
    }

    private mutating func add(_ value: String, hour: QuotaBucket, day: QuotaBucket) {
        // Other characters are in none of them, and take more time to compare than their length.
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
