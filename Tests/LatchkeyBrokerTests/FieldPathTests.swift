import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite("Paths of fields") struct FieldPathTests {
    private static let mixed =
        #"{"a":{"b":"inner"},"a.b":"flat","x":{"ca.crt":"CA"},"list":["zero",{"k":1.50}],"0":"named","/p":"slash","~":"t"}"#

    @Test(
        arguments: [
            ("a.b", "flat"), ("x.ca.crt", "CA"), ("list.0", "zero"), ("list.1.k", "1.50"), ("0", "named"),
            ("/a/b", "inner"),
            ("/x/ca.crt", "CA"), ("/list/1/k", "1.50"), ("/a.b", "flat"), ("/p", "slash"), ("/~1p", "slash"),
            ("/~0", "t"),
            ("list.1", #"{"k":1.50}"#),
            ("a.c", nil), ("a.b.c", nil), ("list.2", nil), ("list.00", nil), ("list.+0", nil), ("list.-0", nil),
            ("/a~1b", nil),
            ("/", nil), ("/~2", nil), ("", nil), (".", nil), ("a.", nil), (".a", nil), ("/list/01", nil),
            ("/a/b/", nil),
            ("list.99999999999999999999", nil), ("x.ca", nil), ("A", nil),
        ] as [(String, String?)])
    func `A path is a member's name, else a dotted path, else a pointer`(path: String, text: String?) throws {
        let root = try JSONDocument(Self.mixed.utf8, limits: .document).root
        let found = FieldPath(path).find(in: root).map { $0.string ?? String(decoding: $0.source, as: UTF8.self) }
        #expect(found == text)
    }

    @Test func `A pointer reaches a member with an empty name`() throws {
        let root = try JSONDocument(#"{"":{"":"deep"}}"#.utf8, limits: .document).root
        #expect(FieldPath("//").find(in: root)?.string == "deep")
    }
}
