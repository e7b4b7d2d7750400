internal import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// What an answer's headers say is left of the issuer's allowances.
package struct IssuerQuota: Hashable, Sendable {
    /// One allowance.
    package struct Allowance: Hashable, Sendable {
        package var bucket: QuotaBucket
        /// Requests left; never negative.
        package var remaining: Int64
        /// Time until it is full again, where the header says so as a length.
        package var resetsAfter: Duration?

        package init(bucket: QuotaBucket, remaining: Int64, resetsAfter: Duration? = nil) {
            self.bucket = bucket
            self.remaining = remaining
            self.resetsAfter = resetsAfter
        }
    }

    /// At most one for each bucket, in header order.
    package private(set) var allowances: [Allowance] = []

    package init(allowances: [Allowance] = []) { self.allowances = allowances }

    /// Reads `x-ratelimit-remaining`, `Auth0-Client-Quota-Limit` and `Auth0-Organization-Quota-Limit`.
    ///
    /// Auth0 writes a quota as `b=per_hour;q=10;r=7;t=3540,b=per_day;…`; an older form begins with a bare `per_hour`.
    /// What cannot be read is left out: these headers inform and are never needed.
    package init(_ fields: HTTPFields) {
        if let remaining = fields["x-ratelimit-remaining"].flatMap({ Int64($0) }), remaining >= 0 {
            add(Allowance(bucket: .rate, remaining: remaining))
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

    private mutating func add(_ allowance: Allowance) {
        if self[allowance.bucket] == nil { allowances.append(allowance) }
    }

    private mutating func add(_ value: String, hour: QuotaBucket, day: QuotaBucket) {
        for piece in value.split(separator: ",").prefix(8) {
            var bucket: QuotaBucket?
            var remaining: Int64?
            var resetsAfter: Duration?
            for part in piece.split(separator: ";") {
                let half = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
                guard let name = half.first else { continue }
                let text = half.count > 1 ? half[1] : nil
                switch (name, text) {
                case ("b", "per_hour"), ("per_hour", nil): bucket = hour
                case ("b", "per_day"), ("per_day", nil): bucket = day
                case ("r", let text?): remaining = Int64(text)
                case ("t", let text?): resetsAfter = Int64(text).flatMap { $0 >= 0 ? .seconds($0) : nil }
                default: continue
                }
            }
            if let bucket, let remaining, remaining >= 0 {
                add(Allowance(bucket: bucket, remaining: remaining, resetsAfter: resetsAfter))
            }
        }
    }
}
