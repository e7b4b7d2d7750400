internal import LatchkeyCore
internal import LatchkeyNet

/// The timer of a connection, set at or before its deadline.
///
/// Every request moves the deadline to a later time, and that costs nothing: the timer fires early and is set again.
struct ConnectionTimer {
    private var pending: (id: TimerID, at: Int64)?

    /// Whether ``set(at:on:_:)`` must be called for `deadline`: not when the timer fires earlier or there is no deadline.
    func needsSetting(to deadline: Int64) -> Bool {
        if let pending, pending.at <= deadline { return false }
        return deadline < .max
    }

    mutating func set(at deadline: Int64, on loop: EventLoop, _ action: @escaping (EventLoop) -> Void) {
        cancel(on: loop)
        pending = (loop.schedule(at: MonotonicTime(nanoseconds: deadline), action), deadline)
    }

    /// The timer has fired.
    mutating func clear() { pending = nil }

    mutating func cancel(on loop: EventLoop) {
        if let pending { loop.cancel(pending.id) }
        pending = nil
    }
}
