internal import LatchkeyCore
internal import Synchronization

/// The gauges of what is left of the issuers' allowances and of how much they are in all.
///
/// An issuer says what is left only in its responses, which may be a day apart. So an allowance counts as full once the
/// time has come that the issuer has named for that.
final class IssuerQuotas: Sendable {
    private struct Refill {
        let at: MonotonicTime
        /// Nil if the limit is unknown: then the series ends.
        let limit: Int64?
    }

    let remaining: Gauges
    let limits: Gauges
    private let bucketCount = QuotaBucket.allCases.count
    /// The next refill of each series that has one. Its lock covers the gauges too.
    private let refills = Mutex<[Int: Refill]>([:])

    init(_ profile: Family.Dimension) {
        remaining = Gauges(.issuerQuota(profile))
        limits = Gauges(.issuerQuotaLimit(profile))
    }

    func set(_ profile: Int, _ bucket: QuotaBucket, remaining left: Int64, limit: Int64?, fullAt: MonotonicTime?) {
        refills.withLock { refills in
            remaining.set(left, profile, bucket.rawValue)
            limits.set(limit, profile, bucket.rawValue)
            refills[profile * bucketCount + bucket.rawValue] = fullAt.map { Refill(at: $0, limit: limit) }
        }
    }

    /// Ends the series of a profile.
    func reset(_ profile: Int) {
        refills.withLock { refills in
            remaining.reset(profile)
            limits.reset(profile)
            for bucket in 0..<bucketCount { refills[profile * bucketCount + bucket] = nil }
        }
    }

    /// Fills the allowances whose time has come.
    func refill(_ now: MonotonicTime) {
        refills.withLock { refills in
            for (index, refill) in refills where refill.at <= now {
                refills[index] = nil
                remaining.set(refill.limit, index / bucketCount, index % bucketCount)
            }
        }
    }
}
