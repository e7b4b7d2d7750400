import LatchkeyCore
import Testing

/// The cases are those of the W3C's own test suite, trace-context/test, where it has them.
@Suite struct TraceContextTests {
    private let trace = "0af7651916cd43dd8448eb211c80319c"
    private let span = "b7ad6b7169203331"

    @Test func `A valid value is read, and an upstream call is another span of the same trace`() throws {
        let context = try #require(TraceContext("00-\(trace)-\(span)-01".utf8))
        #expect(context.traceText == trace && context.flags == 1)
        #expect(context.header == "00-\(trace)-\(span)-01")
        let calls = (0..<100).map { _ in context.child() }
        #expect(calls.allSatisfy { $0.traceID == context.traceID && $0.flags == 1 })
        #expect(Set(calls.map(\.spanID)).union([context.spanID]).count == 101)
        #expect(calls.allSatisfy { TraceContext($0.header.utf8) == $0 })
    }

    @Test func `Unknown flags are not passed on`() {
        #expect(TraceContext("00-\(trace)-\(span)-ff".utf8)?.flags == 1)
        #expect(TraceContext("00-\(trace)-\(span)-fe".utf8)?.flags == 0)
    }

    @Test func `A later version is read as far as it is known`() {
        #expect(TraceContext("cc-\(trace)-\(span)-01".utf8)?.header == "00-\(trace)-\(span)-01")
        #expect(TraceContext("cc-\(trace)-\(span)-01-what-the-future-will-be".utf8)?.traceText == trace)
        #expect(TraceContext("cc-\(trace)-\(span)-01.what".utf8) == nil)
    }

    @Test func `Anything else is ignored`() {
        let zeros = String(repeating: "0", count: 32)
        let wrong = [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-01-x",
            "00-\(trace)-\(span)-01x",
            "ff-\(trace)-\(span)-01", "0-\(trace)-\(span)-01", "00-\(zeros)-\(span)-01",
            "00-\(trace)-0000000000000000-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span)-0g", "00_\(trace)_\(span)_01",
            "0x-\(trace)-\(span)-01",
            "00-\(trace.dropLast())é-\(span)-01", " 00-\(trace)-\(span)-01",
        ]
        for value in wrong { #expect(TraceContext(value.utf8) == nil, "\(value)") }
    }
}
