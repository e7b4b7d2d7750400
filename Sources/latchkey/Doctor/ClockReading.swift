package import LatchkeyCore

/// Our clock beside AWS's. Pure.
package struct ClockReading: Hashable, Sendable {
    /// Dates of HTTP have whole seconds, and the answer was some time on its way.
    package static let tolerance: Duration = .seconds(5)
    /// From here on AWS may refuse signatures, which it takes up to 5 minutes off.
    package static let limit: Duration = .seconds(240)

    /// Our clock less AWS's.
    package let ahead: Duration

    /// - Parameters:
    ///   - theirs: the answer's date.
    ///   - asked: our clock when the request left, and `answered` when the answer was there.
    package init(theirs: WallTime, asked: WallTime, answered: WallTime) {
        let middle = asked + (answered - asked) / 2
        ahead = middle - theirs
    }

    package var finding: Finding {
        let size = ahead < .zero ? .zero - ahead : ahead
        let text = "this machine's clock is \(size.components.seconds) s \(ahead < .zero ? "behind" : "ahead of") AWS's"
        let remedy = "set it: timedatectl set-ntp true, or chronyc makestep; on a virtual machine ask the host's owner"
        if size >= Self.limit {
            return .problem(
                exit: .configuration, .clock, "skew",
                "\(text): AWS refuses signatures that are 5 minutes off, and tokens are judged by it", remedy: remedy)
        }
        guard size > Self.tolerance else {
            return .fine(.clock, "skew", "within \(Self.tolerance.components.seconds) s of AWS's")
        }
        return .warning(.clock, "skew", "\(text): tokens expire by it too early or too late", remedy: remedy)
    }
}
