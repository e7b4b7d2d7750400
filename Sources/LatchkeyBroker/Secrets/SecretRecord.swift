internal import LatchkeyCore
internal import LatchkeyCrypto
internal import Synchronization

/// What one fetch brought: the whole, and for the blob its fields.
final class SecretRecord: Sendable {
    typealias Field = Result<SecretEntry, UpstreamFault>

    let whole: SecretEntry
    /// By name; a failure for a field that cannot be handed out, which harms no other.
    let fields: [ExactText: Field]
    /// When the store said so.
    let received: Now
    let freshUntil: MonotonicTime
    /// From when a caller's reading has it fetched anew behind its back.
    let aheadFrom: MonotonicTime
    /// How long it may be served while its store fails.
    let staleUntil: MonotonicTime
    /// Bytes held, about.
    let cost: Int
    /// A caller has been given it, or an earlier version of it.
    private let used: Atomic<Bool>

    /// The part of a TTL after which what is in use is fetched anew: 0.8 to 0.9.
    ///
    /// - Parameter chance: uniform in [0, 1); spreads what was fetched together.
    static func untilAhead(chance: Double) -> Double { 0.8 + chance / 10 }

    /// - Parameter chance: uniform in [0, 1); spreads what was fetched together.
    init(
        whole: SecretEntry, fields: [ExactText: Field], received: Now, freshFor: Duration, staleFor: Duration,
        chance: Double
    ) {
        self.whole = whole
        self.fields = fields
        self.received = received
        used = Atomic(false)
        freshUntil = received.monotonic + freshFor
        aheadFrom = received.monotonic + freshFor * Self.untilAhead(chance: chance)
        staleUntil = freshUntil + staleFor
        // Names, tags and objects cost about 200 bytes each beside the values.
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

    /// The same, not to be served past its TTL.
    var withoutStale: SecretRecord { SecretRecord(self, staleUntil: freshUntil) }

    /// Whether a caller has been given it, or an earlier version of it.
    var isUsed: Bool { used.load(ordering: .relaxed) }

    /// Notes that a caller is given it. True the first time.
    func use() -> Bool { !isUsed && !used.exchange(true, ordering: .relaxed) }

    func isFresh(_ now: Now) -> Bool { now.monotonic < freshUntil }
}
