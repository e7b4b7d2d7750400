package import LatchkeyCore

/// Compares the local clock with AWS's. Pure.
package struct ClockReading: Hashable, Sendable {
    /// HTTP dates have whole seconds, and the response took some time.
    package static let tolerance: Duration = .seconds(5)
    /// AWS rejects signatures that are more than 5 minutes off. This limit is stricter, to warn before that.
    package static let limit: Duration = .seconds(240)

    /// The local clock minus AWS's.
    package let ahead: Duration

    /// - Parameters:
    ///   - serverTime: the date of the response.
    ///   - asked: the local time of the request.
    ///   - answered: the local time of the response.
    package init(serverTime: WallTime, asked: WallTime, answered: WallTime) {
        let midpoint = asked + (answered - asked) / 2
        ahead = midpoint - serverTime
    }

    package var finding: Finding {
        let size = ahead < .zero ? .zero - ahead : ahead
        let text = "this machine's clock is \(size.components.seconds) s \(ahead < .zero ? "behind" : "ahead of") AWS's"
        let remedy =
            "synchronise the clock: timedatectl set-ntp true, or chronyc makestep; on a virtual machine ask the owner of the host"
        if size >= Self.limit {
            return .problem(
                exit: .configuration, .clock, "skew",
                "\(text): AWS refuses signatures that are 5 minutes off, and token expiry is checked against this clock",
                remedy: remedy)
        }
        guard size > Self.tolerance else {
            return .fine(.clock, "skew", "within \(Self.tolerance.components.seconds) s of AWS's")
        }
        return .warning(.clock, "skew", "\(text): tokens will expire too early or too late", remedy: remedy)
    }
}
