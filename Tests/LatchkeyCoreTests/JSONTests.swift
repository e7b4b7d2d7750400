import LatchkeyCore
import Testing

@Suite struct JSONTests {
    @Test func `Each byte that must be escaped is escaped at each place, and no other`() throws {
        for byte in UInt8(0)..<0x80 {
            for place in 0..<20 {
                var text = Array("ÿabcdefghijklmnopqrstu".utf8)
                text[place + 2] = byte
                var written: [UInt8] = []
                text.withUnsafeBytes { JSONWriter.append(string: $0, to: &written) }
                let mustEscape = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                #expect((written.count > text.count + 2) == mustEscape, "\(byte) at \(place)")
                let read = try JSON(parsing: written, limits: .request).string
                #expect(read.map { Array($0.utf8) } == text, "\(byte) at \(place)")
            }
        }
    }

    @Test func `A parsed text has integers, numbers, strings and nested values`() throws {
        let value = try JSON(parsing: Array(#"{"a":[1,2.5,"x",true,null],"t":1.700000000123E9}"#.utf8))
        #expect(value["a"]?.array == [1, 2.5, "x", true, nil])
        #expect(value["t"]?.double == 1_700_000_000.123)
        #expect(value["absent"] == nil)
    }

    @Test(arguments: ["", "{", "<html>", "{\"a\":1} x", String(repeating: "[", count: 100_000)])
    func `A text that is not JSON is rejected`(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test func `Written text has names in the order of their bytes and unescaped slashes`() {
        #expect(JSON.object(["b": "/x", "a": 1, "B": 2, "\u{E9}": 3]).text == #"{"B":2,"a":1,"b":"/x","é":3}"#)
    }

    @Test func `Written strings escape only what must be escaped`() {
        #expect(
            JSON.string("\"\\\u{0}\u{1F}\n\r\t\u{8}\u{C}\u{7F}é/").text
                == "\"\\\"\\\\\\u0000\\u001f\\n\\r\\t\\b\\f\u{7F}é/\"")
    }

    @Test(arguments: [
        (0.5, "0.5"), (3, "3"), (1e100, "1e+100"), (.nan, "null"), (-.infinity, "null"), (1.5e-7, "1.5e-07"),
    ])
    func `A double is written so that it reads back equal`(value: Double, text: String) {
        #expect(JSON.number(value).text == text)
    }

    @Test func `Members are set, replaced and removed by name`() {
        var object: JSONObject = ["b": 1, "a": 2, "b": 3]
        #expect(object["b"] == 3)
        object["c"] = 4
        object["a"] = nil
        object["b"] = 5
        object["none"] = nil
        #expect(object == ["b": 5, "c": 4])
        #expect(object.merging(["c": 1, "d": 2]) == ["b": 5, "c": 1, "d": 2])
        #expect(object.keys == ["b", "c"])
    }
}
