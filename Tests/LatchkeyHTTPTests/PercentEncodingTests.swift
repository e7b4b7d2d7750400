import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@Suite struct PercentEncodingTests {
    @Test func `Escapes in either case are decoded, and nothing else`() {
        #expect(PercentEncoding.decode("a%2Fb%2f%C3%A9+c".utf8) == "a/b/é+c")
        #expect(PercentEncoding.decode("a+b%2B".utf8, plusIsSpace: true) == "a b+")
        #expect(PercentEncoding.decode("%2541".utf8) == "%41", "decoded only once")
    }

    @Test(arguments: ["%", "%4", "a%", "%zz", "%-1", "%4 1", "%00", "a%00b", "%C3", "%FF", "%C0%80", "% 41", "%u0041"])
    func `A malformed escape, a NUL and bytes that are not UTF-8 are rejected`(text: String) {
        #expect(PercentEncoding.decode(text.utf8) == nil)
    }

    @Test func `Encoding escapes all but unreserved characters, and decoding restores the text`() {
        #expect(PercentEncoding.encode("a-b._~/é %+") == "a-b._~%2F%C3%A9%20%25%2B")
        #expect(PercentEncoding.encode("/a/b c", keeping: "/") == "/a/b%20c")
        var random = SeededGenerator(seed: 3986)
        for _ in 0..<500 {
            let scalars = (0..<20).map { _ in Unicode.Scalar(UInt16.random(in: 1...0xD7FF, using: &random)) ?? "?" }
            let text = String(String.UnicodeScalarView(scalars))
            #expect(PercentEncoding.decode(PercentEncoding.encode(text).utf8) == text)
            #expect(PercentEncoding.pairs(PercentEncoding.form([("k&=", text)]).utf8)?.first?.value == text)
        }
    }

    @Test func `A query is decoded to pairs in order, with repeats and without empty pairs`() throws {
        let pairs = try #require(PercentEncoding.pairs("a=1&&b&c=&a=2=3&%64=%26+".utf8))
        #expect(pairs.map(\.name) == ["a", "b", "c", "a", "d"])
        #expect(pairs.map(\.value) == ["1", "", "", "2=3", "& "])
        #expect(PercentEncoding.pairs("a=%".utf8) == nil)
        #expect(PercentEncoding.pairs("%=a".utf8) == nil)
        #expect(PercentEncoding.pairs("".utf8)?.isEmpty == true)
        #expect(PercentEncoding.pairs("a=%00".utf8) == nil)
        #expect(PercentEncoding.pairs("a=%00".utf8, allowsZero: true)?.first?.value == "\u{0}")
        #expect(PercentEncoding.pairs("%00=a".utf8, allowsZero: true) == nil)
    }

    @Test func `The segments of a path are decoded`() {
        #expect(PercentEncoding.segments("/secrets/db%20x/caf%C3%A9".utf8) == ["secrets", "db x", "café"])
        #expect(PercentEncoding.segments("/a%0ab%00%7F".utf8) == ["a\nb\u{0}\u{7F}"])
    }

    @Test func `An escaped slash separates segments`() {
        #expect(PercentEncoding.segments("/a%2Fb%2fc/d".utf8) == ["a", "b", "c", "d"])
    }

    @Test(arguments: [
        "", "a", "//a", "/a//b", "/a/", "/a/./b", "/a/../b", "/..", "/%2e%2e/b", "/a/%2E/b", "/.%2e/b", "/a%2F",
        "/%2fb",
        "/a%2F%2Fb", "/a%2F/b", "/..%2Fb", "/a%2F..%2Fb", "/%2E%2E%2Fb", "/a%2F.", "/a%zz", "/%C0%AE%C0%AE/x",
    ])
    func `A path with empty, dot or malformed segments is rejected`(path: String) {
        #expect(PercentEncoding.segments(path.utf8) == nil)
    }
}
