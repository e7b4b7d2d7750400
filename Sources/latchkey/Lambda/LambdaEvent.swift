internal import LatchkeyAPI
package import LatchkeyCore

/// What the Lambda Extensions API tells at `/event/next` (AWS Lambda Developer Guide, "Lambda Extensions API").
package enum LambdaEvent: Hashable, Sendable {
    /// The function is called.
    case invoke
    /// The execution environment ends; whoever has not left by the deadline is killed.
    case shutdown(reason: String, deadline: WallTime)

    /// Nil for what is neither. The body is JSON whatever its `Content-Type` says: SHUTDOWN may come as text/plain.
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

    /// Left of the time to a deadline for telling the log and leaving.
    package static let reserve: Duration = .milliseconds(200)

    /// How long connections may be drained before the deadline; never negative.
    package static func drainTime(until deadline: WallTime, now: WallTime) -> Duration {
        max(.zero, (deadline - now) - reserve)
    }
}
