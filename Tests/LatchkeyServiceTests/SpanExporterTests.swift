import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeySettings
import LatchkeyTestSupport
import Logging
import Synchronization
import Testing

@testable import LatchkeyService

@Suite(.timeLimit(.minutes(20))) struct SpanExporterTests {
    /// A collector that answers with the given statuses, and 200 after them.
    private final class Collector: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        private let statuses: Mutex<[Int]>

        init(_ statuses: [Int]) { self.statuses = Mutex(statuses) }

        var transport: HTTPTransport {
            { [self] request, _, _ throws(HTTPClientError) in
                requests.withLock { $0.append(request) }
                let status = statuses.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
                guard status > 0 else { throw .timedOut }
                return HTTPResponse(status: status)
            }
        }
    }

    private struct LogInbox: LogHandler {
        let lines: Inbox<String>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.put("\(event.message) \(event.metadata?["lost"].map { "\($0)" } ?? "")")
        }
    }

    private let clock = ManualClock()
    private let lines = Inbox<String>()
    private let queue: SpanQueue

    init() { queue = SpanQueue { [clock] in clock.now } }

    private func exporter(_ collector: Collector, fields: [(name: String, value: Secret)] = []) -> SpanExporter {
        let settings = TracingSettings(
            origin: Origin(scheme: .http, host: "collector", port: 4318), target: "/v1/traces", fields: fields,
            service: "latchkey")
        let log = Logger(label: "test") { [lines] _ in LogInbox(lines: lines) }
        return SpanExporter(
            settings, queue, transport: collector.transport, time: ManualSleeper(clock).source, log: log)
    }

    private func fill(_ count: Int) throws {
        let parent = try #require(TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".utf8))
        for _ in 0..<count {
            queue.add(
                parent.child(), in: parent, .server, "GET /token", from: clock.now.monotonic, attributes: [],
                isError: false)
        }
    }

    @Test func `Spans are posted in batches, with the fields of the settings`() async throws {
        let collector = Collector([])
        try fill(1100)
        await exporter(collector, fields: [("x-key", Secret("of the collector"))]).flush(by: .distantFuture)
        let requests = collector.requests.withLock { $0 }
        #expect(requests.count == 3)
        for request in requests {
            #expect(request.method == "POST" && request.target == "/v1/traces")
            #expect(request.fields["x-key"] == "of the collector")
            #expect(request.fields["Content-Type"] == "application/json")
        }
        #expect(lines.values.isEmpty)
    }

    @Test(arguments: [503, 400, 302, 0])
    func `What a collector does not take is lost, and the log says so once`(status: Int) async throws {
        let collector = Collector([status, status])
        let exporter = exporter(collector)
        for count in [600, 2, 1] {
            try fill(count)
            await exporter.flush(by: .distantFuture)
        }
        // After a failure the other batches of the time are not tried.
        #expect(collector.requests.withLock { $0.count } == 3)
        #expect(lines.values == ["spans are lost; requests go on 600", "spans are exported again 602"])
    }

    @Test func `Without spans nothing is sent`() async throws {
        let collector = Collector([])
        await exporter(collector).flush(by: .distantFuture)
        #expect(collector.requests.withLock { $0.isEmpty })
    }
}
