package import Logging

extension LoggedEvent {
    /// The member of a log line that has the name of its event.
    package static let member = "event"

    /// The metadata of a line about this event: the given one, with the event's name as ``member`` whatever it had there.
    package func metadata(_ own: Logger.Metadata = [:]) -> Logger.Metadata {
        var all = own
        all[Self.member] = .string(rawValue)
        return all
    }
}
