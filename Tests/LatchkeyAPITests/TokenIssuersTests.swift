import LatchkeyAPI
import Testing

@Suite("Credentials that are tokens") struct TokenIssuersTests {
    @Test(arguments: [
        ("aa.bb.cc", true), ("a-_9.b.c", true), ("lk_a.b.c", false), ("a.b", false), ("a.b.c.d", false),
        ("a..c", false),
        (".b.c", false), ("a.b.", false), ("a.b=.c", false), ("a.b+.c", false), ("a.b c.d", false), ("", false),
        ("test-key-4f9c1b7de2a84c63b05f1e9d", false), ("a.é.c", false),
    ])
    func `A token has three parts of base64url`(text: String, isToken: Bool) {
        #expect(Array(text.utf8).withUnsafeBytes { TokenIssuers.isToken($0) } == isToken)
    }
}
