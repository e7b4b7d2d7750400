internal import LatchkeyCore
internal import LatchkeyCrypto
internal import Synchronization

/// The cached result of one read: the whole item and, for the blob, its fields.
final class SecretRecord: Sendable {
    typealias Field = Result<SecretEntry, UpstreamFault>

    let whole: SecretEntry
    /// The fields by name. A field that cannot be served is a failure and does not affect the others.
    let fields: [ExactText: Field]
    /// When the store returned it.
    let received: Now
    let freshUntil: MonotonicTime
    /// From when a request starts a read in the background (refresh-ahead).
    let aheadFrom: MonotonicTime
    /// Until when it may be served while its store fails.
    let staleUntil: MonotonicTime
    /// The approximate size in bytes.
    let cost: Int
    /// Whether a caller was given this record, or an earlier version of it.
    private let used: Atomic<Bool>

    /// The fraction of a TTL after which an item in use is read again in the background: 0.8 to 0.9.
    ///
    /// - Parameter jitter: uniform in [0, 1); spreads the items that were read together.
    static func aheadFraction(jitter: Double) -> Double { 0.8 + jitter / 10 }

    /// When a record was received, and how long it may be served.
    struct Times {
        let received: Now
        let freshFor: Duration
        /// Beyond ``freshFor``.
        let staleFor: Duration
        /// Uniform in [0, 1).
        var jitter = 0.0
    }

    init(whole: SecretEntry, fields: [ExactText: Field], _ times: Times) {
        self.whole = whole
        self.fields = fields
        received = times.received
        used = Atomic(false)
        freshUntil = received.monotonic + times.freshFor
        aheadFrom = received.monotonic + times.freshFor * Self.aheadFraction(jitter: times.jitter)
        staleUntil = freshUntil + times.staleFor
        // The name, the tag and the object take about 200 bytes beside each value.
        cost = fields.reduce(whole.value.count + 200) { sum, field in
            sum + field.key.text.utf8.count + 200 + ((try? field.value.get().value.count) ?? 0)
        }
    }

    private init(_ record: SecretRecord, staleUntil: MonotonicTime) {
        used = Atomic(record.isUsed)
        whole = record.whole
        fields = record.fields
        received = record.received
        freshUntil = record.freshUntil
        aheadFrom = record.aheadFrom
        self.staleUntil = staleUntil
        cost = record.cost
    }

    /// A copy that must not be served beyond its TTL.
    var withoutStale: SecretRecord { SecretRecord(self, staleUntil: freshUntil) }

    /// Whether a caller was given this record, or an earlier version of it.
    var isUsed: Bool { used.load(ordering: .relaxed) }

    /// Records that a caller is given this record. Returns true the first time.
    func use() -> Bool { !isUsed && !used.exchange(true, ordering: .relaxed) }

    func isFresh(_ now: Now) -> Bool { now.monotonic < freshUntil }
}
