package import Logging

/// Log calls that name their event. The sources use only these: the lint finds any other.
///
/// Message and metadata are evaluated only if the level is on.
extension Logger {
    /// Logs an event at `debug`.
    package func debug(
        _ event: LoggedEvent, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        log(level: .debug, event, message(), metadata: metadata())
    }

    /// Logs an event at `info`.
    package func info(
        _ event: LoggedEvent, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        log(level: .info, event, message(), metadata: metadata())
    }

    /// Logs an event at `notice`.
    package func notice(
        _ event: LoggedEvent, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        log(level: .notice, event, message(), metadata: metadata())
    }

    /// Logs an event at `warning`.
    package func warning(
        _ event: LoggedEvent, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        log(level: .warning, event, message(), metadata: metadata())
    }

    /// Logs an event at `error`.
    package func error(
        _ event: LoggedEvent, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        log(level: .error, event, message(), metadata: metadata())
    }

    /// Logs an event at a level that depends on its circumstances.
    package func log(
        level: Logger.Level, _ event: LoggedEvent, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        log(level: level, message(), metadata: event.metadata(metadata()))
    }
}
