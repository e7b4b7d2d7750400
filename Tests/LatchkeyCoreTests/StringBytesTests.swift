import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct StringBytesTests {
    private static let texts = [
        "", "a", "b", "aa", "ab", "a\u{0}", "\u{E9}", "e\u{301}", "\u{1F600}", "\u{FFFF}", "z", "A", "\u{7F}", "\u{80}",
        String(repeating: "long", count: 20), String(repeating: "long", count: 20) + "er",
    ]

    @Test func `Strings are equal and ordered as their bytes are`() {
        for left in Self.texts {
            for right in Self.texts {
                let (own, other) = (Array(left.utf8), Array(right.utf8))
                #expect(left.hasSameBytes(as: right) == (own == other), "\(left) \(right)")
                #expect(left.precedesInBytes(right) == own.lexicographicallyPrecedes(other), "\(left) \(right)")
                #expect(left[...].precedesInBytes(right[...]) == own.lexicographicallyPrecedes(other))
            }
        }
    }

    @Test func `Random bytes are ordered by their first difference`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let (left, right) = (Self.text(&random), Self.text(&random))
            #expect(left.precedesInBytes(right) == Array(left.utf8).lexicographicallyPrecedes(Array(right.utf8)))
        }
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        let length = Int.random(in: 0...20, using: &random)
        return String(decoding: (0..<length).map { _ in UInt8.random(in: 0x61...0x63, using: &random) }, as: UTF8.self)
    }
}
