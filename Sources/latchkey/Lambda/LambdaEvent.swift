internal import LatchkeyAPI
package import LatchkeyCore

/// An event from `/event/next` (AWS Lambda Developer Guide, "Lambda Extensions API").
package enum LambdaEvent: Hashable, Sendable {
    /// The function is invoked.
    case invoke
    /// The execution environment ends. A process that has not exited by the deadline is killed.
    case shutdown(reason: String, deadline: WallTime)

    /// Returns nil for any other event. The body is JSON whatever its `Content-Type` says: SHUTDOWN may arrive as
    /// text/plain.
    package init?(_ body: [UInt8]) {
        guard let json = try? JSON(parsing: body) else { return nil }
        switch json["eventType"]?.string {
        case "INVOKE": self = .invoke
        case "SHUTDOWN":
            // Milliseconds since the epoch.
            guard let deadline = json["deadlineMs"]?.integer else { return nil }
            self = .shutdown(
                reason: RequestQuery.shown(json["shutdownReason"]?.string ?? "unknown"),
                deadline: WallTime(milliseconds: deadline))
        default: return nil
        }
    }

    /// Time before the deadline that is left for the log and the exit.
    package static let reserve: Duration = .milliseconds(200)

    /// How long connections may be drained before the deadline; never negative.
    package static func drainTime(until deadline: WallTime, now: WallTime) -> Duration {
        max(.zero, (deadline - now) - reserve)
    }
}
