import LatchkeyHTTP
import Testing

@Suite struct NegotiationTests {
    private static let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

    @Test(
        arguments: [
            ("text/plain", nil, 1000), ("text/plain", "", 1000), ("text/plain", "*/*", 1000),
            ("text/plain", "text/*;q=0.5, */*", 500), ("text/plain", "TEXT/Plain ; Q=0.25", 250),
            ("text/plain", "application/json", 0), ("text/plain", "text/plain;q=0, */*", 0),
            ("text/plain", "text/plain;q=0.001", 1), ("text/plain", "text/plain;q=banana", 0),
            ("text/plain", "text/plain;q=2", 0), ("text/plain", "text/plain;q=nan", 0),
            ("application/openmetrics-text", prometheus, 800), ("text/plain", prometheus, 500),
            ("application/json", prometheus, 100), ("text/plain", ",,;;,", 0),
            ("text/plain", "text/plain\u{301}", 0), ("text/plain", "\u{301}, text/plain;q=0.5", 500),
            ("text/plain", "text/plain;q=0.\(String(repeating: "1", count: 40))", 0),
        ] as [(String, String?, Int)])
    func `The most specific range of Accept decides`(type: String, field: String?, weight: Int) {
        #expect(Negotiation.weight(ofType: type, in: field) == weight)
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("GZIP, deflate, br", true), ("identity", false), ("*", true),
            ("gzip;q=0", false), ("gzip;q=0.0, *", false), ("*;q=0", false), ("br, gzip ; q=0.5", true),
            ("x-gzip", true),
        ] as [(String?, Bool)])
    func `Gzip is used only for callers that accept it`(field: String?, accepted: Bool) {
        #expect(Negotiation.acceptsGzip(field) == accepted)
    }

    @Test(arguments: [
        ("", false), ("*/*", false), ("application/json", false), ("text/plain", true), ("TEXT/PLAIN", true),
        ("text/*", true), ("application/json, text/plain, */*", false), ("text/plain, application/json;q=0.9", true),
        ("application/json;q=0.8, text/plain;q=0.7", false), ("application/json;q=0, */*", true),
        ("text/plain;q=0, */*", false), ("image/png", false), ("text/html", false), ("text/plain;q=banana", false),
    ])
    func `Text is used for callers that prefer it to JSON`(field: String, isText: Bool) {
        #expect(Array(field.utf8).withUnsafeBytes { Negotiation.prefersText($0) } == isText)
    }
}
