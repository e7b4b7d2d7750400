package import LatchkeyCore
package import LatchkeySettings
package import Logging

/// swift-log's handler: renders each record and hands it to the sink.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: Settings.LogFormat
    private let sink: LogSink
    private let time: TimeSource

    package init(label: String, level: Logger.Level, format: Settings.LogFormat, sink: LogSink, time: TimeSource) {
        self.label = label
        logLevel = level
        self.format = format
        self.sink = sink
        self.time = time
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let time = time.now().wall
        let message = "\(event.message)"
        let line =
            switch format {
            case .json: LogLine.json(at: time, level: event.level, label: label, message: message, metadata: all)
            case .text: LogLine.text(at: time, level: event.level, label: label, message: message, metadata: all)
            }
        sink.write(line)
    }
}
