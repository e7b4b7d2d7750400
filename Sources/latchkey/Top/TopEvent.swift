internal import LatchkeyTop

/// What happens while the screen is shown.
enum TopEvent: Sendable {
    case input([UInt8])
    /// The terminal is gone.
    case hangUp
    case signal(Int32)
    case read(broker: Int, Result<BrokerReading, BrokerProbe.Failure>)
}
