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
    func `A text that ends too early is rejected at its length`(text: String, offset: Int) {
        #expect(throws: JSONError(.unexpectedEnd, at: offset)) { try read(text) }
    }

    @Test(arguments: [
        ("truE", 3), (#"{"a":1,}"#, 7), (#"{a:1}"#, 1), ("[1,]", 3), ("[1 2]", 3), ("01", 1), (".5", 0), ("+1", 0),
        (#""a\x""#, 3), (#""\u12g4""#, 5), ("\"a\nb\"", 2), ("{} x", 3), ("'a'", 0), (#"{"a" 1}"#, 5), ("[}", 1),
        (#"{"a":1]"#, 6), ("[,1]", 1), ("\u{FEFF}\u{FEFF}1", 3), ("1\u{0}", 1), ("<html>", 0), (#"{"db":"pw",}"#, 11),
    ])
    func `The first byte that is not allowed is reported`(text: String, offset: Int) {
        #expect(throws: JSONError(.unexpectedByte, at: offset)) { try read(text) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x28, 0xA1, 0x22], [0x22, 0x80, 0x22], [0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22],
        ] as [[UInt8]])
    func `Bytes that are not UTF-8 are rejected where they begin`(bytes: [UInt8]) {
        #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSONDocument(bytes, limits: .document) }
    }

    @Test func `An error reveals nothing of the text`() {
        let reasons = JSONError.Reason.allCases.map { "\(JSONError($0, at: 7))" }
        #expect(Set(reasons).count == reasons.count)
        #expect(throws: JSONError(.unexpectedByte, at: 8)) { try read(#"{"a":"s"s3cret}"#) }
    }

    @Test func `Every value has its range in the text`() throws {
        let text = #" {"a" : [1, {"b":"\n"} ] , "ü":null}"#
        let root = try read(text)
        let bytes = Array(text.utf8)
        #expect(root.range == 1..<bytes.count)
        #expect(Array(root["a"]?.source ?? []) == Array(#"[1, {"b":"\n"} ]"#.utf8))
        #expect(root["a"]?.element(1)?["b"].map { Array($0.source) } == Array(#""\n""#.utf8))
        #expect(root["ü"]?.range == (bytes.count - 5)..<(bytes.count - 1))
        #expect(root.members.map { members in members.compactMap(\.name.string) } == ["a", "ü"])
    }

    @Test func `Of two members with the same name the last one counts, however the name is escaped`() throws {
        let root = try read(#"{"db":"first","port":1,"\u0064b":"second"}"#)
        #expect(root["db"]?.string == "second")
        #expect(root.members.map { Array($0).count } == 3)
    }

    @Test func `Names are compared as bytes, so two spellings of a character are two names`() throws {
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
    func `A duplicate name is found at any level`(text: String, offset: Int) throws {
        #expect(throws: JSONError(.duplicateName, at: offset)) { try read(text, .document.refusingDuplicates) }
        #expect(try JSONDocument(text.utf8, limits: .document).firstDuplicateName == offset)
    }

    @Test(arguments: [#"{"a":1,"b":1}"#, #"[{"a":1},{"a":1}]"#, #"{"a":{"a":{"a":1}}}"#, #"{"a":1,"A":1}"#, "{}", "1"])
    func `Equal names in different objects are not duplicates`(text: String) throws {
        _ = try read(text, .document.refusingDuplicates)
    }

    @Test func `A string without a UTF-8 form does not affect other values`() throws {
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

    @Test func `Escapes are resolved`() throws {
        let value = try read(#""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud834\udd1e""#)
        #expect(value.string == "\"\\/\u{8}\u{c}\n\r\t\u{0}é€\u{1D11E}")
    }
}
