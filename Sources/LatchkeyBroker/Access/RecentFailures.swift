internal import LatchkeyCore

/// The times of the last failures of one peer or claimed id. Pure.
struct RecentFailures {
    /// More than these are not counted. The delay does not grow any more then: 9 without a delay, and 6 until it is 2 s.
    static let maxCount = 15

    /// A ring, whose oldest entry is at ``next`` once it is full.
    private var times: InlineArray<15, MonotonicTime> = .init(repeating: MonotonicTime(nanoseconds: .min))
    private var next = 0

    mutating func add(_ now: MonotonicTime) {
        times[next] = now
        next = (next + 1) % Self.maxCount
    }

    /// The number of failures after `start`, at most ``maxCount``.
    func count(since start: MonotonicTime) -> Int {
        var count = 0
        for index in times.indices where times[index] > start { count += 1 }
        return count
    }
}
