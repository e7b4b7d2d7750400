import LatchkeyCore
import Testing

@Suite("Reading JSON") struct JSONReaderTests {
    private func read(_ text: String, _ limits: JSONLimits = .document) throws(JSONError) -> JSONValue {
        try JSONDocument(text.utf8, limits: limits).root
    }

    @Test(arguments: [
        "{}", "[]", "null", " true ", "-0.5e+10", #"{"a":[1,2,{"b":"\u00e9\n"}]}"#, "\n[\t1 ,\r2]", #""späte""#, "0",
        "\u{FEFF}{}", #""\ud83d\ude00""#, "\"\u{10FFFF}\u{7F}\"",
    ])
    func `A whole text is read`(text: String) throws { _ = try read(text) }

    @Test(arguments: [
        ("", 0), ("  ", 2), ("nul", 3), ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5), (#"{"a":1"#, 6), ("1.", 2), ("1e", 2),
        (#""abc"#, 4), ("-", 1), (#""\u00"#, 5), ("\u{FEFF}", 3),
    ])
    func `A text that ends too early is refused at its length`(text: String, place: Int) {
        #expect(throws: JSONError(.unexpectedEnd, at: place)) { try read(text) }
    }

    @Test(arguments: [
        ("truE", 3), (#"{"a":1,}"#, 7), (#"{a:1}"#, 1), ("[1,]", 3), ("[1 2]", 3), ("01", 1), (".5", 0), ("+1", 0),
        (#""a\x""#, 3), (#""\u12g4""#, 5), ("\"a\nb\"", 2), ("{} x", 3), ("'a'", 0), (#"{"a" 1}"#, 5), ("[}", 1),
        (#"{"a":1]"#, 6), ("[,1]", 1), ("\u{FEFF}\u{FEFF}1", 3), ("1\u{0}", 1), ("<html>", 0), (#"{"db":"pw",}"#, 11),
    ])
    func `The first byte that cannot be is named`(text: String, place: Int) {
        #expect(throws: JSONError(.unexpectedByte, at: place)) { try read(text) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x28, 0xA1, 0x22], [0x22, 0x80, 0x22], [0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22],
        ] as [[UInt8]])
    func `What is not UTF-8 is refused where it begins`(bytes: [UInt8]) {
        #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSONDocument(bytes, limits: .document) }
    }

    @Test func `An error shows nothing of the text`() {
        let reasons = JSONError.Reason.allCases.map { "\(JSONError($0, at: 7))" }
        #expect(Set(reasons).count == reasons.count)
        #expect(throws: JSONError(.unexpectedByte, at: 8)) { try read(#"{"a":"s"s3cret}"#) }
    }

    @Test func `Every value has its place in the text`() throws {
        let text = #" {"a" : [1, {"b":"\n"} ] , "ü":null}"#
        let root = try read(text)
        let bytes = Array(text.utf8)
        #expect(root.range == 1..<bytes.count)
        #expect(Array(root["a"]?.source ?? []) == Array(#"[1, {"b":"\n"} ]"#.utf8))
        #expect(root["a"]?.element(1)?["b"].map { Array($0.source) } == Array(#""\n""#.utf8))
        #expect(root["ü"]?.range == (bytes.count - 5)..<(bytes.count - 1))
        #expect(root.members.map { members in members.compactMap(\.name.string) } == ["a", "ü"])
    }

    @Test func `Of two members with one name the last counts, however the name is written`() throws {
        let root = try read(#"{"db":"first","port":1,"\u0064b":"second"}"#)
        #expect(root["db"]?.string == "second")
        #expect(root.members.map { Array($0).count } == 3)
    }

    @Test func `Names are bytes, so that two spellings of one character are two names`() throws {
        let root = try read("{\"caf\u{E9}\":\"one\",\"cafe\u{301}\":\"two\"}", .document.refusingDuplicates)
        #expect(root["caf\u{E9}"]?.string == "one")
        #expect(root["cafe\u{301}"]?.string == "two")
        let copy = try JSON(root)
        #expect(copy["caf\u{E9}"]?.string == "one")
        #expect(copy["cafe\u{301}"]?.string == "two")
        #expect(JSON.string("caf\u{E9}") != .string("cafe\u{301}"))
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"b":{"c":1,"\u0063":2}}"#, 18), (#"[{},{"":0,"":0}]"#, 10),
        (#"{"x":{"b":1,"b":1},"x":0}"#, 12), (#"{"\udc00":1,"\uDC00":2}"#, 12), (#"{"a":1,"b":2,"c":3,"b":4}"#, 19),
    ])
    func `A second member of one name is found at any level`(text: String, place: Int) throws {
        #expect(throws: JSONError(.duplicateName, at: place)) { try read(text, .document.refusingDuplicates) }
        #expect(try JSONDocument(text.utf8, limits: .document).firstDuplicateName == place)
    }

    @Test(arguments: [#"{"a":1,"b":1}"#, #"[{"a":1},{"a":1}]"#, #"{"a":{"a":{"a":1}}}"#, #"{"a":1,"A":1}"#, "{}", "1"])
    func `Equal names in different objects are no duplicates`(text: String) throws {
        _ = try read(text, .document.refusingDuplicates)
    }

    @Test func `A string without a UTF-8 form harms only itself`() throws {
        let root = try read(
            #"{"db":"pw","odd":"\ud83d","\udc00":1,"late":"x\ude00\ud83d\u0041","pair":"\ud83d\ude00"}"#)
        #expect(root["db"]?.string == "pw")
        #expect(root["odd"]?.string == nil)
        #expect(root["odd"]?.unpairedSurrogate == 18)
        #expect(root["late"]?.unpairedSurrogate == 46)
        #expect(root["late"]?.stringBytes == nil)
        #expect(root["pair"]?.string == "😀")
        #expect(root["pair"]?.unpairedSurrogate == nil)
        #expect(root.member([0xED, 0xB0, 0x80])?.integer == 1)
        #expect(throws: JSONError(.unpairedSurrogate, at: 18)) { try JSON(root) }
    }

    @Test func `Escapes stand for their characters`() throws {
        let value = try read(#""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud834\udd1e""#)
        #expect(value.string == "\"\\/\u{8}\u{c}\n\r\t\u{0}é€\u{1D11E}")
    }
}

@Suite struct `The bounds of a JSON text` {
    @Test(arguments: ["[", #"{"a":"#])
    func `Nesting is bounded where the bracket goes too far`(open: String) throws {
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

    @Test func `Arrays beside one another are not deep`() throws {
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
    func `What is just within the named limits is read, and what is past them is not`(limits: JSONLimits) throws {
        let wide = "[" + Array(repeating: "0", count: limits.values - 1).joined(separator: ",") + "]"
        _ = try JSONDocument(wide.utf8, limits: limits)
        let wider = "[" + Array(repeating: "0", count: limits.values).joined(separator: ",") + "]"
        #expect(throws: JSONError(.tooManyValues, at: wider.utf8.count - 2)) {
            try JSONDocument(wider.utf8, limits: limits)
        }
    }

    @Test func `Every beginning of a text is refused at its end`() throws {
        let text = Array(#"{"a":[1.5e-3,true,null,"\u00e9\\ü\ud83d\ude00"],"b":{"c":false}}"#.utf8)
        _ = try JSONDocument(text, limits: .document)
        for length in text.indices {
            #expect(throws: JSONError(.unexpectedEnd, at: length)) {
                try JSONDocument(text[..<length], limits: .document)
            }
        }
    }
}

@Suite struct `Numbers of a JSON text` {
    @Test(arguments: [
        "0", "-0", "3.10", "5.0", "2e6", "1E-7", "-0.0", "98765432109876543210", "1e400", "-1E+9999",
        "2.71828182845904523536028747135266249", "1e00", "0.10e-05",
    ])
    func `A number keeps its text`(text: String) throws {
        #expect(try JSONDocument(text.utf8, limits: .document).root.number?.text == text)
        #expect(try JSON(parsing: text.utf8).text == text)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("-0.0e5", 0), ("3.0", 3), ("1.7E9", 1_700_000_000), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("9223372036854775808", nil), ("-9223372036854775809", nil),
            ("9223372036854775807.0", .max), ("92233720368547758070e-1", .max), ("0.9223372036854775807e19", .max),
            ("-9.223372036854775808E+18", .min), ("9.3e18", nil), ("1e19", nil), ("1e99999999999999999999999", nil),
            ("0e99999999999999999999999", 0), ("1e-99999999999999999999999", nil), ("0.5", nil), ("1.50", nil),
            ("9007199254740993", 9_007_199_254_740_993), ("9007199254740993.0", 9_007_199_254_740_993),
            ("100e-2", 1), ("100e-3", nil), ("true", nil), (#""3""#, nil),
        ] as [(String, Int64?)])
    func `An integer is exact or nil`(text: String, integer: Int64?) throws {
        #expect(try JSONDocument(text.utf8, limits: .document).root.integer == integer)
        #expect(try JSON(parsing: text.utf8).integer == integer)
    }

    @Test(
        arguments: [
            ("0.1", 0.1), ("1.700000000123E9", 1_700_000_000.123), ("1e400", nil), ("-1e400", nil), ("1e-400", 0),
            ("123456789012345678901234567890", 1.2345678901234568e29),
        ] as [(String, Double?)])
    func `A double is the nearest one, or nil where there is none`(text: String, double: Double?) throws {
        #expect(try JSONDocument(text.utf8, limits: .document).root.double == double)
    }

    @Test func `Sixty thousand digits are read, and are no integer`() throws {
        let text = String(repeating: "7", count: 60_000)
        let value = try JSONDocument(text.utf8, limits: .document).root
        #expect(value.number?.text == text)
        #expect(value.integer == nil)
        #expect(value.double == nil)
    }
}
