/// When `latchkey render --watch` asks for a token again. Pure.
///
/// A broker replaces a token during a part of its lifetime that the client does not know: by default the last 300
/// seconds, and never more than a fifth. A token may also be replaced early, because a resource server has refused it.
package struct TokenSchedule: Hashable, Sendable {
    /// The longest pause.
    package static let maxPause: Duration = .seconds(60)
    /// The longest refresh window.
    private static let maxWindow: Int64 = 300

    /// The part of the token's lifetime, in seconds before its end, in which the broker replaces it.
    private let window: Int64

    /// - Parameter lifetime: the seconds that the token had left when it was first seen.
    package init(lifetime: Int64) { window = min(Self.maxWindow, max(0, lifetime) / 5) }

    /// The pause before the next request: up to the window a minute at most, within it a twentieth of the window, and
    /// never less than a second.
    ///
    /// - Parameter remaining: the seconds that the token has left.
    package func pause(remaining: Int64) -> Duration {
        let (untilWindow, overflow) = remaining.subtractingReportingOverflow(window)
        guard !overflow, untilWindow > 0 else { return .seconds(max(1, window / 20)) }
        return min(Self.maxPause, .seconds(max(1, untilWindow)))
    }
}
