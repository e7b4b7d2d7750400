import LatchkeyCore
import Testing

@Suite struct JSONTests {
    @Test func `A parsed text keeps integers, numbers, text and nesting apart`() throws {
        let value = try JSON(parsing: Array(#"{"a":[1,2.5,"x",true,null],"t":1.700000000123E9}"#.utf8))
        #expect(value["a"]?.array == [1, 2.5, "x", true, nil])
        #expect(value["t"]?.double == 1_700_000_000.123)
        #expect(value["absent"] == nil)
    }

    @Test(arguments: ["", "{", "<html>", "{\"a\":1} x", String(repeating: "[", count: 100_000)])
    func `A text that is not JSON is refused and not repeated`(text: String) {
        #expect(throws: JSON.ParseError.malformed) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test func `Written text has sorted keys and plain slashes`() {
        #expect(JSON.object(["b": "/x", "a": 1]).text == #"{"a":1,"b":"/x"}"#)
    }
}
