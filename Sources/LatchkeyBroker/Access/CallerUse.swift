internal import LatchkeyCore
internal import Synchronization

/// When a caller has last presented a valid credential. All workers write it, and a report reads it.
///
/// Whole seconds are enough. So a worker writes once a second at most, and the cores share the cache line in between.
final class CallerUse: Sendable {
    private static let never = Int64.min
    private static let second: Int64 = 1_000_000_000

    private let nanoseconds = Atomic<Int64>(CallerUse.never)

    init() {}

    /// The time of the last use, up to a second too early; nil for none.
    var last: MonotonicTime? {
        let time = nanoseconds.load(ordering: .relaxed)
        return time == Self.never ? nil : MonotonicTime(nanoseconds: time)
    }

    @inline(__always)
    func note(_ now: MonotonicTime) {
        let before = nanoseconds.load(ordering: .relaxed)
        // Times since boot are not negative, so the difference cannot overflow.
        if before == Self.never || now.nanoseconds &- before >= Self.second {
            nanoseconds.store(now.nanoseconds, ordering: .relaxed)
        }
    }
}
