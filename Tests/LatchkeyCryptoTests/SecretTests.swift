import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite struct SecretTests {
    private let secret = Secret("s3cr3t-value")

    @Test func `No way of printing shows a secret`() {
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

    @Test func `Secrets are equal when their bytes are`() {
        #expect(secret == Secret(Array("s3cr3t-value".utf8)))
        #expect(secret != Secret("s3cr3t-valuf"))
        #expect(secret != Secret("s3cr3t-valu"))
        #expect(Secret("") == Secret([]))
    }

    @Test func `The fingerprint is eight digits of the digest`() {
        #expect(secret.fingerprint == String(SHA256.hash("s3cr3t-value").hex.prefix(8)))
    }

    @Test func `Bytes that are no text have no text`() {
        #expect(Secret([0xFF, 0xFE]).revealText() == nil)
        #expect(Secret([0xFF]).reveal() == [0xFF])
    }
}

@Suite struct DigestTests {
    /// FIPS 180-4 examples and RFC 4231 §4.2–4.4, 4.7.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `SHA-256 of the published examples`(text: String, digest: String) {
        #expect(SHA256.hash(text).hex == digest)
    }

    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func `HMAC-SHA-256 of RFC 4231`(key: [UInt8], message: String, digest: String) {
        #expect(HMACSHA256.authenticate(Array(message.utf8), key: key).hex == digest)
    }

    @Test func `An empty key is a key`() {
        #expect(
            HMACSHA256.authenticate([], key: []).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func `A digest is read from hex and nothing else`() {
        let digest = SHA256.hash("abc")
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(hex: digest.hex.uppercased()) == digest)
        #expect(Digest(hex: "ab") == nil)
        #expect(Digest(hex: String(repeating: "g", count: 64)) == nil)
    }

    @Test func `A UUID has the shape of version 4, and no two are equal`() {
        let uuids = (0..<100).map { _ in Random.uuid() }
        #expect(Set(uuids).count == 100)
        for uuid in uuids {
            let parts = uuid.split(separator: "-").map(\.utf8.count)
            #expect(parts == [8, 4, 4, 4, 12])
            #expect(Array(uuid)[14] == "4" && "89ab".contains(Array(uuid)[19]))
        }
    }
}
