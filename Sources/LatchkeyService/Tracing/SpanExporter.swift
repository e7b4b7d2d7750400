internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// Sends spans to an OpenTelemetry collector (OTLP/HTTP 1.3, JSON). What the collector does not take is dropped: a request
/// never waits for it, and no span is sent twice.
final class SpanExporter: Sendable {
    /// Time between two exports.
    private static let interval: Duration = .seconds(1)
    /// The limit for one request to the collector.
    private static let timeout: Duration = .seconds(5)
    /// The most spans of one request.
    private static let maxBatch = 512

    private let settings: TracingSettings
    private let queue: SpanQueue
    private let transport: HTTPTransport
    private let time: Timing
    private let log: Logger
    /// Spans that were lost since the last export that the collector has taken.
    private let lost = Mutex(0)

    init(
        _ settings: TracingSettings, _ queue: SpanQueue, transport: @escaping HTTPTransport, time: Timing, log: Logger
    ) {
        self.settings = settings
        self.queue = queue
        self.transport = transport
        self.time = time
        self.log = log
    }

    /// Exports until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await time.sleep(time.now().monotonic + Self.interval)
            await flush(by: .distantFuture)
        }
    }

    /// Exports what is in the queue.
    ///
    /// - Parameter deadline: what cannot be sent before it is lost.
    func flush(by deadline: MonotonicTime) async {
        let content = queue.takeAll()
        if content.lost > 0 { note(lost: content.lost, "too many spans wait") }
        var rest = content.spans[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.maxBatch)
            rest = rest.dropFirst(Self.maxBatch)
            if let reason = await send(batch, by: min(deadline, time.now().monotonic + Self.timeout)) {
                // The next batches would fail too, and wait in vain.
                return note(lost: batch.count + rest.count, reason)
            }
            noteSuccess()
        }
    }

    /// - Returns: why the collector did not take the spans; nil if it did.
    private func send(_ spans: ArraySlice<Span>, by deadline: MonotonicTime) async -> String? {
        var request = HTTPRequest(
            method: "POST", target: settings.target,
            fields: ["Content-Type": "application/json", "User-Agent": Version.userAgent],
            body: SpanBatch.body(spans, service: settings.service))
        for field in settings.fields { request.fields[field.name] = field.value.revealText() }
        // A span must not be counted twice.
        request.isSentOnce = true
        do throws(HTTPClientError) {
            let status = try await transport(request, settings.origin, deadline).status
            return (200..<300).contains(status) ? nil : "status \(status)"
        } catch {
            return "\(error)"
        }
    }

    /// Counts lost spans, and logs the first ones of an outage.
    private func note(lost count: Int, _ reason: String) {
        let before = lost.withLock { lost in
            defer { lost += count }
            return lost
        }
        if before == 0 {
            log.warning(
                .spansLost, "spans are lost; requests go on", metadata: ["why": "\(reason)", "lost": "\(count)"])
        }
    }

    private func noteSuccess() {
        let count = lost.withLock { lost in
            defer { lost = 0 }
            return lost
        }
        if count > 0 { log.notice(.spansExported, "spans are exported again", metadata: ["lost": "\(count)"]) }
    }
}
