import LatchkeyCore
import Testing

@Suite struct JSONLimitsTests {
    @Test(arguments: ["[", #"{"a":"#])
    func `Nesting that is too deep is rejected at its bracket`(open: String) throws {
        let limits = JSONLimits(depth: 8, values: 100)
        let close = open == "[" ? "]" : "}"
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        _ = try JSONDocument(nested(8).utf8, limits: limits)
        #expect(throws: JSONError(.tooDeep, at: 8 * open.utf8.count)) {
            try JSONDocument(nested(9).utf8, limits: limits)
        }
        #expect(throws: JSONError(.tooDeep, at: 8 * open.utf8.count)) {
            try JSONDocument(String(repeating: open, count: 1_000_000).utf8, limits: limits)
        }
    }

    @Test func `Arrays beside one another do not add to the depth`() throws {
        let text = "[" + Array(repeating: "[[]]", count: 1_000).joined(separator: ",") + "]"
        _ = try JSONDocument(text.utf8, limits: JSONLimits(depth: 3, values: 2_001))
    }

    @Test func `Values and names are counted together`() {
        let text = #"{"a":[1,2],"b":{}}"#
        #expect(throws: Never.self) { try JSONDocument(text.utf8, limits: JSONLimits(depth: 8, values: 7)) }
        #expect(throws: JSONError(.tooManyValues, at: 15)) {
            try JSONDocument(text.utf8, limits: JSONLimits(depth: 8, values: 6))
        }
    }

    @Test(arguments: [JSONLimits.request, .document])
    func `A text at its limit is read, and a text beyond it is not`(limits: JSONLimits) throws {
        let wide = "[" + Array(repeating: "0", count: limits.values - 1).joined(separator: ",") + "]"
        _ = try JSONDocument(wide.utf8, limits: limits)
        let wider = "[" + Array(repeating: "0", count: limits.values).joined(separator: ",") + "]"
        #expect(throws: JSONError(.tooManyValues, at: wider.utf8.count - 2)) {
            try JSONDocument(wider.utf8, limits: limits)
        }
    }

    @Test func `Every prefix of a text is rejected at its end`() throws {
        let text = Array(#"{"a":[1.5e-3,true,null,"\u00e9\\ü\ud83d\ude00"],"b":{"c":false}}"#.utf8)
        _ = try JSONDocument(text, limits: .document)
        for length in text.indices {
            #expect(throws: JSONError(.unexpectedEnd, at: length)) {
                try JSONDocument(text[..<length], limits: .document)
            }
        }
    }
}
