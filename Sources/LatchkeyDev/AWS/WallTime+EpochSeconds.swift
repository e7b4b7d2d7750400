internal import LatchkeyCore

extension WallTime {
    /// A timestamp of AWS JSON 1.1: seconds since the epoch, with a fraction.
    var epochSeconds: JSON { .number(Double(milliseconds) / 1000) }
}
