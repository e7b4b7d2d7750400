import LatchkeyAPI
import Testing

@Suite("Credentials that are tokens") struct TokenVerifierTests {
    @Test(arguments: [
        ("aa.bb.cc", true), ("a-_9.b.c", true), ("lk_a.b.c", false), ("a.b", false), ("a.b.c.d", false),
        ("a..c", false),
        (".b.c", false), ("a.b.", false), ("a.b=.c", false), ("a.b+.c", false), ("a.b c.d", false), ("", false),
        ("test-key-4f9c1b7de2a84c63b05f1e9d", false), ("a.é.c", false),
    ])
    func `A token has three parts of base64url`(text: String, isToken: Bool) {
        #expect(Array(text.utf8).withUnsafeBytes { TokenVerifier.isToken($0) } == isToken)
    }

    @Test func `A text over the limit is no token`() {
        let text = Array(("a.b." + String(repeating: "c", count: 16 << 10)).utf8)
        #expect(!text.withUnsafeBytes { TokenVerifier.isToken($0) })
    }
}
