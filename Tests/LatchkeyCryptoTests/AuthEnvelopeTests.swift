import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite struct AuthEnvelopeTests {
    private static let password = Secret("correct horse battery staple")
    private static let content = Secret(Array("línea 1\r\nline 2\u{0}".utf8) + (0...255).map { UInt8($0) })
    /// Sealing takes some tenths of a second: once for all tests.
    private static let sealed = Result { try AuthEnvelope.seal(content, password: password) }

    @Test func `What was sealed by a password is opened by it`() throws {
        let file = try Self.sealed.get()
        #expect(try AuthEnvelope.open(file, password: Self.password) == Self.content)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 127, 128, 65_536, 1_000_003]) func `Any length comes back`(length: Int) throws {
        let content = Secret((0..<length).map { UInt8(truncatingIfNeeded: $0) })
        let file = try AuthEnvelope.seal(content, password: Self.password)
        #expect(try AuthEnvelope.open(file, password: Self.password) == content)
    }

    @Test func `Another password opens nothing`() throws {
        let file = try Self.sealed.get()
        for wrong in ["", "correct horse battery stapl", "correct horse battery staple "] {
            #expect(throws: AuthEnvelope.Refusal.cannotOpen) {
                try AuthEnvelope.open(file, password: Secret(wrong))
            }
        }
    }

    @Test func `A file that was cut off anywhere is refused`() throws {
        let file = try Self.sealed.get()
        for length in 0..<file.count {
            #expect(throws: AuthEnvelope.Refusal.notAnEnvelope) {
                try AuthEnvelope.open(Array(file[..<length]), password: Self.password)
            }
        }
        #expect(throws: AuthEnvelope.Refusal.notAnEnvelope) {
            try AuthEnvelope.open(file + [0], password: Self.password)
        }
    }

    @Test func `A bit that was altered anywhere is found`() throws {
        let file = try Self.sealed.get()
        let other = try AuthEnvelope.seal(Self.content, password: Self.password)
        for place in file.indices {
            // A try that gets as far as the key costs all the rounds: what is random is tried here and there.
            guard file[place] == other[place] || place % 29 == 0 else { continue }
            var altered = file
            altered[place] ^= UInt8(1 << (place % 8))
            #expect(throws: AuthEnvelope.Refusal.self, "byte \(place)") {
                try AuthEnvelope.open(altered, password: Self.password)
            }
        }
    }

    @Test func `Two files of the same content have nothing in common but their shape`() throws {
        let one = try Self.sealed.get()
        let other = try AuthEnvelope.seal(Self.content, password: Self.password)
        #expect(one.count == other.count)
        #expect(one.suffix(200) != other.suffix(200))
    }

    @Test func `The rounds are written into the file and are never fewer than they should be`() throws {
        let file = try AuthEnvelope.seal(Secret("c"), password: Self.password, iterations: 1)
        // INTEGER 600000.
        #expect(file.firstRange(of: [0x02, 0x03, 0x09, 0x27, 0xC0]) != nil)
    }

    @Test(arguments: ["rsa", "ec"]) func `What was sealed for a certificate is opened by its key`(kind: String) throws {
        let certificate = try Fixture.bytes("keys/backup-\(kind).crt")
        let key = Secret(try Fixture.bytes("keys/backup-\(kind).pem"))
        let file = try AuthEnvelope.seal(Self.content, certificate: certificate)
        #expect(try AuthEnvelope.open(file, privateKey: key) == Self.content)
        let other = Secret(try Fixture.bytes("keys/backup-\(kind == "rsa" ? "ec" : "rsa").pem"))
        #expect(throws: AuthEnvelope.Refusal.cannotOpen) { try AuthEnvelope.open(file, privateKey: other) }
        #expect(throws: AuthEnvelope.Refusal.notAnEnvelope) { try AuthEnvelope.open(file, password: Self.password) }
        for place in [file.count - 1, file.count - 40] {
            var altered = file
            altered[place] ^= 1
            #expect(throws: AuthEnvelope.Refusal.self) { try AuthEnvelope.open(altered, privateKey: key) }
        }
    }

    @Test func `An empty content is sealed for a certificate too`() throws {
        let certificate = try Fixture.bytes("keys/backup-rsa.crt")
        let key = Secret(try Fixture.bytes("keys/backup-rsa.pem"))
        let file = try AuthEnvelope.seal(Secret(""), certificate: certificate)
        #expect(try AuthEnvelope.open(file, privateKey: key).isEmpty)
    }

    @Test func `What is no certificate or no key is said to be none`() throws {
        let key = try Fixture.bytes("keys/rsa-pkcs8.pem")
        #expect(throws: AuthEnvelope.Refusal.unusableCertificate) {
            try AuthEnvelope.seal(Self.content, certificate: key)
        }
        let encrypted = Secret(try Fixture.bytes("keys/encrypted-pkcs8.pem"))
        let file = try Self.sealed.get()
        #expect(throws: AuthEnvelope.Refusal.unusableKey) { try AuthEnvelope.open(file, privateKey: encrypted) }
    }

    @Test func `CMS that is not authenticated is not read`() throws {
        let file = try Fixture.bytes("keys/enveloped-cbc.der")
        let key = Secret(try Fixture.bytes("keys/backup-rsa.pem"))
        #expect(throws: AuthEnvelope.Refusal.notAuthenticated) { try AuthEnvelope.open(file, privateKey: key) }
    }
}
