package import LatchkeyCore
package import LatchkeySettings
package import Logging

/// The swift-log handler: formats each record and passes it to the sink.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let writer: LogLineWriter

    package init(label: String, level: Logger.Level, format: Settings.LogFormat, sink: LogSink, time: Timing) {
        logLevel = level
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
