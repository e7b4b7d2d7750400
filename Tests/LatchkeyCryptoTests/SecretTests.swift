import LatchkeyCrypto
import Testing

@Suite struct SecretTests {
    private let secret = Secret("s3cr3t-value")

    @Test func `No description or dump reveals a secret`() {
        var dumped = ""
        dump(secret, to: &dumped)
        struct Holder { let inner: Secret }
        for text in [
            String(describing: secret), String(reflecting: secret), dumped, "\([secret])",
            String(describing: Holder(inner: secret)), String(reflecting: Holder(inner: secret)),
        ] {
            #expect(!text.contains("s3cr3t"))
        }
        #expect(String(describing: secret) == "<secret>")
    }

    @Test func `Secrets with the same bytes are equal`() {
        #expect(secret == Secret(Array("s3cr3t-value".utf8)))
        #expect(secret != Secret("s3cr3t-valuf"))
        #expect(secret != Secret("s3cr3t-valu"))
        #expect(Secret("") == Secret([]))
    }

    @Test func `Bytes that are not UTF-8 have no text`() {
        #expect(Secret([0xFF, 0xFE]).revealText() == nil)
        #expect(Secret([0xFF]).reveal() == [0xFF])
    }
}
