import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite struct `A client's own key` {
    private func key(_ file: String) throws -> AssertionKey {
        try AssertionKey(pem: Secret(try Fixture.bytes("keys/\(file)")))
    }

    @Test(arguments: [
        ("rsa-pkcs8.pem", AssertionKey.Algorithm.rs256), ("rsa-pkcs1.pem", .rs256), ("p256-sec1.pem", .es256),
        ("p256-pkcs8.pem", .es256), ("p256-with-parameters.pem", .es256),
    ])
    func `Every form openssl writes is read, and names its algorithm`(
        file: String, algorithm: AssertionKey.Algorithm
    ) throws {
        #expect(try key(file).algorithm == algorithm)
    }

    @Test(arguments: [
        ("encrypted-pkcs8.pem", AssertionKey.Refusal.encrypted), ("encrypted-pkcs1.pem", .encrypted),
        ("rsa-1024.pem", .wrongLength), ("p384.pem", .wrongCurve), ("ed25519.pem", .wrongKind),
        ("rsa-public.pem", .notAKey), ("make_keys.sh", .notAKey),
    ])
    func `What cannot sign is refused, and it is said why`(file: String, refusal: AssertionKey.Refusal) {
        #expect(throws: refusal) { try key(file) }
    }

    @Test func `A key cut off anywhere is refused`() throws {
        let whole = try Fixture.bytes("keys/p256-sec1.pem")
        for end in stride(from: 0, to: whole.count - 2, by: 3) {
            #expect(throws: AssertionKey.Refusal.notAKey) { try AssertionKey(pem: Secret(whole.prefix(end))) }
        }
        let long = whole + [UInt8](repeating: 0x0A, count: AssertionKey.longest)
        #expect(throws: AssertionKey.Refusal.notAKey) { try AssertionKey(pem: Secret(long)) }
    }

    // RFC 8017 §8.2: the scheme has no chance in it, so openssl's signature is the only right one.
    @Test(arguments: ["rsa-pkcs8.pem", "rsa-pkcs1.pem"])
    func `An RSA key signs as openssl does`(file: String) throws {
        let signature = try key(file).sign(Array("header.payload".utf8))
        #expect(signature == (try Fixture.bytes("keys/rs256-signature.bin")))
    }

    // RFC 7518 §3.4. That others accept them is shown end to end.
    @Test func `An EC key's signatures are two numbers of 32 bytes, never the same twice`() throws {
        let key = try key("p256-pkcs8.pem")
        var signatures: Set<[UInt8]> = []
        // A number that begins with a zero byte, once in 256 times, is padded and not shifted.
        while signatures.count < 5000, !signatures.contains(where: { $0[0] == 0 || $0[32] == 0 }) {
            let signature = try key.sign(Array("header.payload".utf8))
            #expect(signature.count == 64)
            #expect(signatures.insert(signature).inserted)
        }
        #expect(signatures.count < 5000)
    }

    @Test func `A key does not show itself`() throws {
        #expect("\(try key("rsa-pkcs8.pem"))".contains("<secret>"))
    }
}
