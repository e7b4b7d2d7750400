internal import LatchkeyCore

/// The `Date` field line (RFC 9110 §6.6.1), rendered once a second.
struct DateHeaderCache {
    private let wallTime: () -> WallTime
    private var rendered: [UInt8] = []
    /// The end of the current second of the wall clock, on the clock of the event loop. Until then the wall clock is not
    /// read again.
    private var validUntil = MonotonicTime(nanoseconds: .min)

    init(wallTime: @escaping () -> WallTime) { self.wallTime = wallTime }

    /// The field line at `now`.
    mutating func line(at now: MonotonicTime) -> [UInt8] {
        if now >= validUntil {
            let wall = wallTime()
            rendered = Array("Date: \(HTTPDate.format(wall))\r\n".utf8)
            validUntil = now + .milliseconds(1000 - (wall.milliseconds - wall.seconds * 1000))
        }
        return rendered
    }
}
