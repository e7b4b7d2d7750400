package import LatchkeyCore
package import LatchkeySettings
package import Logging

/// Formats log records in the configured format and passes the lines to the sink.
package struct LogLineWriter: Sendable {
    private let label: String
    private let format: Settings.LogFormat
    private let sink: LogSink
    private let time: Timing

    package init(label: String, format: Settings.LogFormat, sink: LogSink, time: Timing) {
        self.label = label
        self.format = format
        self.sink = sink
        self.time = time
    }

    /// Writes one record.
    /// - Parameter isEssential: see ``LogSink/write(_:isEssential:)``.
    package func write(
        _ message: String, at level: Logger.Level, metadata: Logger.Metadata, isEssential: Bool = false
    ) {
        let time = time.now().wall
        let line =
            switch format {
            case .json: LogLine.json(at: time, level: level, label: label, message: message, metadata: metadata)
            case .text: LogLine.text(at: time, level: level, label: label, message: message, metadata: metadata)
            }
        sink.write(line, isEssential: isEssential)
    }
}
