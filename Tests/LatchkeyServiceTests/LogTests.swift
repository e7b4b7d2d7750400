import Glibc
import LatchkeyCore
import LatchkeyLog
import LatchkeyService
import LatchkeySettings
import Logging
import Testing

@Suite struct LogTests {
    private let time = WallTime(milliseconds: 1_700_000_000_123)

    @Test func `A record is one JSON object on one line, whatever it contains`() throws {
        let line = LogLine.json(
            at: time, level: .warning, label: "latchkey", message: "a \"quoted\"\nline\u{1}\\",
            metadata: ["tier": "parameter-store", "note": "\u{7F}é\t"])
        #expect(line.last == 0x0A && line.filter { $0 == 0x0A }.count == 1)
        let object = try JSON(parsing: line)
        #expect(object["ts"]?.string == "2023-11-14T22:13:20.123Z")
        #expect(object["level"]?.string == "warning")
        #expect(object["message"]?.string == "a \"quoted\"\nline\u{1}\\")
        #expect(object["note"]?.string == "\u{7F}é\t")
    }

    @Test func `The text form is one line without escape sequences`() {
        let line = LogLine.text(
            at: time, level: .info, label: "x", message: "two\nlines \u{1B}[31m", metadata: ["a": "b"])
        #expect(String(decoding: line, as: UTF8.self) == "2023-11-14T22:13:20.123Z info two lines  [31m a=b\n")
    }

    @Test func `A logger follows the level in force, unless a copy has one of its own`() {
        let level = LiveLogLevel(.info)
        let sink = LogSink(descriptor: -1)
        let log = Logger(label: "test") {
            LineLogHandler(label: $0, level: level, format: .json, sink: sink, time: .system)
        }
        var copy = log
        copy.logLevel = .error
        for next in Logger.Level.allCases {
            level.set(next)
            #expect(level.current == next && log.logLevel == next && copy.logLevel == .error)
        }
    }

    /// What a logger of this format writes.
    private func written(_ format: Settings.LogFormat, _ write: (inout Logger) -> Void) throws -> String {
        let ends = try pipePair()
        let (sink, level) = (LogSink(descriptor: ends.write), LiveLogLevel(.info))
        var log = Logger(label: "latchkey") {
            LineLogHandler(label: $0, level: level, format: format, sink: sink, time: .system)
        }
        write(&log)
        sink.flush(timeout: .seconds(10))
        close(ends.write)
        defer { close(ends.read) }
        return String(decoding: Thread(reading: ends.read).finish(), as: UTF8.self)
    }

    @Test func `A line has the name of its event in both formats`() throws {
        let write = { (log: inout Logger) in log.notice(.listening, "it listens", metadata: ["address": "[::1]:8080"]) }
        let object = try JSON(parsing: Array(try written(.json, write).utf8))
        #expect(object["event"]?.string == "listening" && object["message"]?.string == "it listens")
        #expect(object["address"]?.string == "[::1]:8080")
        #expect(try written(.text, write).hasSuffix(" notice it listens address=[::1]:8080 event=listening\n"))
    }

    @Test(arguments: Settings.LogFormat.allCases)
    func `Neither metadata of a line nor of the logger replaces the event`(format: Settings.LogFormat) throws {
        let text = try written(format) { log in
            log[metadataKey: "event"] = "of the logger"
            log.error(.auditFailed, "message", metadata: ["event": "of the line"])
        }
        #expect(text.contains("audit_failed") && !text.contains("of the"))
        #expect(text.split(separator: "event").count == 2, "the member is there once")
    }

    @Test func `The line about dropped lines has its event`() throws {
        var queue = LogQueue(limit: 8, reserve: 0)
        queue.add(Array("kept\n".utf8), isEssential: false)
        queue.add(Array("dropped\n".utf8), isEssential: false)
        let batch = queue.next(maxBytes: 1 << 10)
        let report = try JSON(parsing: Array(try #require(batch).bytes.dropFirst(5)))
        #expect(report["event"]?.string == "lines_dropped" && report["count"]?.string == "1")
    }

    private func pipePair() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func `Lines are dropped and counted when the reader has gone, and nobody waits`() throws {
        signal(SIGPIPE, SIG_IGN)
        let (read, write) = try pipePair()
        let sink = LogSink(descriptor: write)
        close(read)
        sink.write(Array("lost\n".utf8))
        sink.flush(timeout: .seconds(5))
        #expect(sink.dropped == 1)
        close(write)
    }

    @Test func `A slow reader loses lines above the limit and later gets their number`() throws {
        let (read, write) = try pipePair()
        // The pipe blocks like standard error: the sink's thread waits in write, but its callers do not.
        let sink = LogSink(descriptor: write, limit: 4096)
        let line = Array((String(repeating: "x", count: 1023) + "\n").utf8)
        for _ in 0..<500 { sink.write(line) }
        #expect(sink.dropped > 0, "a pipe holds 64 KiB and the sink 4 KiB: most of 500 KiB is too much")
        let reader = Thread(reading: read)
        sink.write(line)
        sink.flush(timeout: .seconds(10))
        sink.write(Array("last\n".utf8))
        sink.flush(timeout: .seconds(10))
        close(write)
        let text = String(decoding: reader.finish(), as: UTF8.self)
        #expect(text.contains("log lines were dropped"))
        #expect(text.hasSuffix("last\n") || text.contains("last\n"))
        close(read)
    }

    /// Reads a descriptor to its end on a thread of its own.
    private final class Thread {
        private var thread = pthread_t()
        private let box: Box

        private final class Box {
            let descriptor: Int32
            var bytes: [UInt8] = []
            init(_ descriptor: Int32) { self.descriptor = descriptor }
        }

        init(reading descriptor: Int32) {
            box = Box(descriptor)
            pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let box = Unmanaged<Box>.fromOpaque(argument).takeUnretainedValue()
                    var chunk = [UInt8](repeating: 0, count: 65536)
                    while case let count = Glibc.read(box.descriptor, &chunk, chunk.count), count > 0 {
                        box.bytes += chunk[..<count]
                    }
                    return nil
                }, Unmanaged.passUnretained(box).toOpaque())
        }

        func finish() -> [UInt8] {
            pthread_join(thread, nil)
            return box.bytes
        }
    }
}
