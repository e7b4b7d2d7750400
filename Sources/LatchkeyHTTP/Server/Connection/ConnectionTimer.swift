internal import LatchkeyCore
internal import LatchkeyNet

/// The one timer of a connection, kept at or before its deadline. A deadline that moves later, as it does with every
/// request, costs nothing: the timer finds out when it fires.
struct ConnectionTimer {
    private var pending: (id: TimerID, at: Int64)?

    /// Whether ``set(_:at:on:)`` has to be called for `deadline`. An earlier timer, or no deadline at all, needs nothing.
    func needsSetting(to deadline: Int64) -> Bool {
        if let pending, pending.at <= deadline { return false }
        return deadline < .max
    }

    mutating func set(at deadline: Int64, on loop: EventLoop, _ action: @escaping (EventLoop) -> Void) {
        cancel(on: loop)
        pending = (loop.schedule(at: MonotonicTime(nanoseconds: deadline), action), deadline)
    }

    /// It has fired.
    mutating func clear() { pending = nil }

    mutating func cancel(on loop: EventLoop) {
        if let pending { loop.cancel(pending.id) }
        pending = nil
    }
}
