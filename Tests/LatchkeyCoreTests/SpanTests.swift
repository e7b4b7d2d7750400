import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct SpanTests {
    private let trace = "0af7651916cd43dd8448eb211c80319c"
    private let clock = ManualClock()

    private func parent() throws -> TraceContext {
        try #require(TraceContext("00-\(trace)-b7ad6b7169203331-01".utf8))
    }

    private func add(_ name: String, to queue: SpanQueue, isError: Bool = false) throws {
        let started = clock.now.monotonic
        clock.advance(by: .microseconds(2_500))
        let parent = try parent()
        queue.add(
            parent.child(), in: parent, .server, name, from: started,
            attributes: [("http.route", .text("/token")), ("http.response.status_code", .number(200))],
            isError: isError)
    }

    @Test func `A span is written as OTLP's JSON wants it`() throws {
        let queue = SpanQueue { [clock] in clock.now }
        try add("GET /token", to: queue)
        try add("GET /token", to: queue, isError: true)
        let spans = queue.takeAll().spans
        let body = try JSON(parsing: SpanBatch.body(spans, service: "orders \"1\""))
        let resource = try #require(body["resourceSpans"]?.array?.first)
        let named = resource["resource"]?["attributes"]?.array?.first
        #expect(named?["key"]?.string == "service.name")
        #expect(named?["value"]?["stringValue"]?.string == "orders \"1\"")
        let written = try #require(resource["scopeSpans"]?.array?.first?["spans"]?.array)
        #expect(written.count == 2)
        for (span, json) in zip(spans, written) {
            #expect(json["traceId"]?.string == trace && json["spanId"]?.string == span.context.spanText)
            #expect(json["parentSpanId"]?.string == "b7ad6b7169203331")
            #expect(json["startTimeUnixNano"]?.string == "\(span.start)")
            #expect(json["endTimeUnixNano"]?.string == "\(span.end)")
            let attributes = json["attributes"]?.array ?? []
            #expect(attributes.map { $0["key"]?.string } == ["http.route", "http.response.status_code"])
            #expect(attributes.last?["value"]?["intValue"]?.string == "200")
            #expect(json.text.contains(#""kind":2"#))
        }
        #expect(written[0]["status"] == nil && written[1]["status"]?.text == #"{"code":2}"#)
    }

    @Test func `A span is as long as the operation, and ends at the time of the wall clock`() throws {
        let queue = SpanQueue { [clock] in clock.now }
        try add("GET /token", to: queue)
        let span = try #require(queue.takeAll().spans.first)
        #expect(span.end == clock.now.wall.milliseconds * 1_000_000)
        #expect(span.end - span.start == 2_500_000)
    }

    @Test func `A full queue drops spans and counts them`() throws {
        let queue = SpanQueue { [clock] in clock.now }
        for _ in 0..<SpanQueue.maxSpans + 3 { try add("GET /token", to: queue) }
        let content = queue.takeAll()
        #expect(content.spans.count == SpanQueue.maxSpans && content.lost == 3)
        let empty = queue.takeAll()
        #expect(empty.spans.isEmpty && empty.lost == 0)
    }
}
