internal import Synchronization

/// Counts the delayed replies of all workers against ``ServerLimits/maxDelayedReplies``.
final class DelayedReplyCounter: Sendable {
    private let delayed = Atomic<Int>(0)
    private let max: Int

    init(max: Int) { self.max = max }

    /// The number of delayed replies.
    var count: Int { delayed.load(ordering: .relaxed) }

    /// Takes a place. False if there is none; else ``release()`` returns it.
    func acquire() -> Bool {
        if delayed.add(1, ordering: .relaxed).newValue <= max { return true }
        release()
        return false
    }

    func release() { delayed.subtract(1, ordering: .relaxed) }
}
