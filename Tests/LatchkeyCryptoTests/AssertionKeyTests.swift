import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite struct AssertionKeyTests {
    private func key(_ file: String) throws -> AssertionKey {
        try AssertionKey(pem: Secret(try Fixture.bytes("keys/\(file)")))
    }

    @Test(arguments: [
        ("rsa-pkcs8.pem", AssertionKey.Algorithm.rs256), ("rsa-pkcs1.pem", .rs256), ("p256-sec1.pem", .es256),
        ("p256-pkcs8.pem", .es256), ("p256-with-parameters.pem", .es256),
    ])
    func `Every form that openssl writes is read and has its algorithm`(
        file: String, algorithm: AssertionKey.Algorithm
    ) throws {
        #expect(try key(file).algorithm == algorithm)
    }

    @Test(arguments: [
        ("encrypted-pkcs8.pem", AssertionKeyError.encrypted), ("encrypted-pkcs1.pem", .encrypted),
        ("rsa-1024.pem", .wrongLength), ("p384.pem", .wrongCurve), ("ed25519.pem", .wrongKind),
        ("rsa-public.pem", .notAKey), ("make_keys.sh", .notAKey),
    ])
    func `A key that cannot sign is rejected with the reason`(file: String, error: AssertionKeyError) {
        #expect(throws: error) { try key(file) }
    }

    @Test func `A truncated key is rejected`() throws {
        let whole = try Fixture.bytes("keys/p256-sec1.pem")
        for end in stride(from: 0, to: whole.count - 2, by: 3) {
            #expect(throws: AssertionKeyError.notAKey) { try AssertionKey(pem: Secret(whole.prefix(end))) }
        }
        let long = whole + [UInt8](repeating: 0x0A, count: AssertionKey.maxBytes)
        #expect(throws: AssertionKeyError.notAKey) { try AssertionKey(pem: Secret(long)) }
    }

    // The scheme is deterministic (RFC 8017 §8.2), so openssl's signature is the only valid one.
    @Test(arguments: ["rsa-pkcs8.pem", "rsa-pkcs1.pem"])
    func `An RSA key makes the same signature as openssl`(file: String) throws {
        let signature = try key(file).sign(Array("header.payload".utf8))
        #expect(signature == (try Fixture.bytes("keys/rs256-signature.bin")))
    }

    // RFC 7518 §3.4. The end-to-end tests verify the signatures with other libraries.
    @Test func `An EC key's signatures are two numbers of 32 bytes, and no two are equal`() throws {
        let key = try key("p256-pkcs8.pem")
        var signatures: Set<[UInt8]> = []
        // One number in 256 begins with a zero byte, which must be kept.
        while signatures.count < 5000, !signatures.contains(where: { $0[0] == 0 || $0[32] == 0 }) {
            let signature = try key.sign(Array("header.payload".utf8))
            #expect(signature.count == 64)
            #expect(signatures.insert(signature).inserted)
        }
        #expect(signatures.count < 5000)
    }

    @Test func `The description of a key does not reveal it`() throws {
        #expect("\(try key("rsa-pkcs8.pem"))".contains("<secret>"))
    }
}
