import LatchkeyCore
import Testing

@Suite struct `Where a text stops being JSON` {
    @Test(arguments: [
        "{}", "[]", "null", " true ", "-0.5e+10", #"{"a":[1,2,{"b":"\u00e9\n"}]}"#, "\n[\t1 ,\r2]", #""späte""#, "0",
    ])
    func `A whole text has no error`(text: String) { #expect(JSONSyntax.firstError(in: Array(text.utf8)) == nil) }

    @Test(arguments: [
        ("", 0), ("  ", 2), ("nul", 3), ("truE", 3), ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5), (#"{"a":1"#, 6),
        (#"{"a":1,}"#, 7), (#"{a:1}"#, 1), ("[1,]", 3), ("[1 2]", 3), ("01", 1), ("1.", 2), (".5", 0), ("+1", 0),
        ("1e", 2), (#""abc"#, 4), (#""a\x""#, 3), (#""\u12g4""#, 5), ("\"a\nb\"", 2), ("{} x", 3), ("'a'", 0), ("-", 1),
    ])
    func `The first byte that cannot be is named`(text: String, place: Int) {
        #expect(JSONSyntax.firstError(in: Array(text.utf8)) == place)
    }

    @Test func `Values inside values are bounded`() {
        let deep = Array(repeating: UInt8(ascii: "["), count: JSONSyntax.deepest + 1)
        #expect(JSONSyntax.firstError(in: deep) == JSONSyntax.deepest)
    }

    @Test(arguments: ["{", #"{"a" 1}"#, "[1 2]", "nope", #""\x""#])
    func `What the parser refuses has a place`(text: String) {
        #expect(throws: JSON.ParseError.self) { try JSON(parsing: text.utf8) }
        #expect(JSONSyntax.firstError(in: Array(text.utf8)) != nil)
    }
}
