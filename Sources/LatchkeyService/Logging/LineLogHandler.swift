package import LatchkeyCore
package import LatchkeySettings
package import Logging

/// The swift-log handler: formats each record and passes it to the sink.
package struct LineLogHandler: LogHandler {
    /// The level in force; one that is set on a copy of the logger holds for that copy.
    package var logLevel: Logger.Level {
        get { ownLevel ?? level.current }
        set { ownLevel = newValue }
    }

    package var metadata: Logger.Metadata = [:]
    private let level: LiveLogLevel
    private var ownLevel: Logger.Level?
    private let writer: LogLineWriter

    package init(label: String, level: LiveLogLevel, format: Settings.LogFormat, sink: LogSink, time: Timing) {
        self.level = level
        writer = LogLineWriter(label: label, format: format, sink: sink, time: time)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        writer.write("\(event.message)", at: event.level, metadata: all)
    }
}
