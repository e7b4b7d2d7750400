package import LatchkeyCore
internal import LatchkeyHTTP
package import Logging

/// Formats a log record as one line. Pure.
package enum LogLine {
    /// A JSON object on one line: `ts`, `level`, `logger`, `message`, then the metadata.
    package static func json(
        at time: WallTime, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata
    ) -> [UInt8] {
        var line: [UInt8] = []
        append("{\"ts\":", &line)
        appendString(RFC3339.format(time, milliseconds: true), &line)
        for (name, value) in [("level", level.rawValue), ("logger", label), ("message", message)] {
            append(",\"\(name)\":", &line)
            appendString(value, &line)
        }
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append(",", &line)
            appendString(name, &line)
            append(":", &line)
            appendString("\(value)", &line)
        }
        append("}\n", &line)
        return line
    }

    /// For people: `time level message name=value …`.
    package static func text(
        at time: WallTime, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata
    ) -> [UInt8] {
        var line: [UInt8] = []
        append("\(RFC3339.format(time, milliseconds: true)) \(level.rawValue) ", &line)
        appendPlain(message, &line)
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append(" \(name)=", &line)
            appendPlain("\(value)", &line)
        }
        append("\n", &line)
        return line
    }

    private static func append(_ text: String, _ line: inout [UInt8]) { line.append(contentsOf: text.utf8) }

    /// A JSON string (RFC 8259 §7): quotes, backslashes and control characters escaped.
    private static func appendString(_ text: String, _ line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
            case 0x0A: append("\\n", &line)
            case 0x0D: append("\\r", &line)
            case 0x09: append("\\t", &line)
            case 0..<0x20, 0x7F: append("\\u00" + Hex.encode([byte]), &line)
            default: line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// Replaces control characters, so that a record stays on one line and sends no escape sequence to a terminal.
    private static func appendPlain(_ text: String, _ line: inout [UInt8]) {
        line.append(contentsOf: text.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 })
    }
}
