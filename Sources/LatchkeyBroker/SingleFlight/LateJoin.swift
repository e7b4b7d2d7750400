internal import LatchkeyCore

/// Decides whether a caller that joined a shared call late may call again.
///
/// The timeout of a shared call starts with its first caller. If the call times out, a caller that joined later may
/// have waited less than one call may take. That caller starts one more call, so that another caller's timeout does not
/// become its own.
struct LateJoin: Hashable, Sendable {
    /// The fraction of ``attempt`` that counts as a full wait, so that callers that arrive together share one call.
    static let fullWait = 0.9

    /// When the caller joined.
    let since: MonotonicTime
    /// When the caller stops waiting.
    let deadline: MonotonicTime
    /// The maximum duration of one call to the upstream.
    let attempt: Duration

    /// Whether the caller calls again after the shared call ended with `fault`.
    func callsAgain(after fault: UpstreamFault, now: MonotonicTime) -> Bool {
        fault.reason == .timedOut && now < deadline && now - since < attempt * Self.fullWait
    }
}
