internal import LatchkeyCore

/// A caller who joined a flight that was under way, and what it may expect of it.
///
/// The time limit of the flight's call began before this caller came. If the call times out before the caller has waited
/// as long as one call may take, the caller asks once more: one caller's end is not another's.
struct LateJoin: Hashable, Sendable {
    /// The part of ``attempt`` that is enough: callers who come together share one call.
    static let enough = 0.9

    /// When the caller joined.
    let since: MonotonicTime
    /// When the caller stops to wait.
    let deadline: MonotonicTime
    /// The longest that one call to the upstream may take.
    let attempt: Duration

    /// Whether the caller asks once more after the flight ended with `fault`.
    func asksAgain(after fault: UpstreamFault, now: MonotonicTime) -> Bool {
        fault.reason == .timedOut && now < deadline && now - since < attempt * Self.enough
    }
}
