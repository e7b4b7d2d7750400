import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite struct AuthEnvelopeTests {
    private static let password = Secret("correct horse battery staple")
    private static let content = Secret(Array("línea 1\r\nline 2\u{0}".utf8) + (0...255).map { UInt8($0) })
    /// Made once for all tests, because sealing takes some tenths of a second.
    private static let sealed = Result { try AuthEnvelope.seal(content, password: password) }

    @Test func `A file sealed with a password is opened with it`() throws {
        let file = try Self.sealed.get()
        #expect(try AuthEnvelope.open(file, password: Self.password) == Self.content)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 127, 128, 65_536, 1_000_003])
    func `Content of any length is returned unchanged`(length: Int) throws {
        let content = Secret((0..<length).map { UInt8(truncatingIfNeeded: $0) })
        let file = try AuthEnvelope.seal(content, password: Self.password)
        #expect(try AuthEnvelope.open(file, password: Self.password) == content)
    }

    @Test func `Another password does not open the file`() throws {
        let file = try Self.sealed.get()
        for wrong in ["", "correct horse battery stapl", "correct horse battery staple "] {
            #expect(throws: AuthEnvelopeError.cannotOpen) {
                try AuthEnvelope.open(file, password: Secret(wrong))
            }
        }
    }

    @Test func `A truncated file is rejected`() throws {
        let file = try Self.sealed.get()
        for length in 0..<file.count {
            #expect(throws: AuthEnvelopeError.notAnEnvelope) {
                try AuthEnvelope.open(Array(file[..<length]), password: Self.password)
            }
        }
        #expect(throws: AuthEnvelopeError.notAnEnvelope) {
            try AuthEnvelope.open(file + [0], password: Self.password)
        }
    }

    @Test func `A changed bit is detected anywhere in the file`() throws {
        let file = try Self.sealed.get()
        let other = try AuthEnvelope.seal(Self.content, password: Self.password)
        for index in file.indices {
            // Deriving the key takes all iterations, so only some of the random bytes are tried.
            guard file[index] == other[index] || index % 29 == 0 else { continue }
            var altered = file
            altered[index] ^= UInt8(1 << (index % 8))
            #expect(throws: AuthEnvelopeError.self, "byte \(index)") {
                try AuthEnvelope.open(altered, password: Self.password)
            }
        }
    }

    @Test func `Two files of the same content differ in all random parts`() throws {
        let one = try Self.sealed.get()
        let other = try AuthEnvelope.seal(Self.content, password: Self.password)
        #expect(one.count == other.count)
        #expect(one.suffix(200) != other.suffix(200))
    }

    @Test func `The file states the iterations, which are 600,000`() throws {
        let file = try AuthEnvelope.seal(Secret("c"), password: Self.password)
        // INTEGER 600000.
        #expect(file.firstRange(of: [0x02, 0x03, 0x09, 0x27, 0xC0]) != nil)
    }

    @Test(arguments: ["rsa", "ec"]) func `A file sealed for a certificate is opened with its key`(kind: String) throws {
        let certificate = try Fixture.bytes("keys/backup-\(kind).crt")
        let key = Secret(try Fixture.bytes("keys/backup-\(kind).pem"))
        let file = try AuthEnvelope.seal(Self.content, certificate: certificate)
        #expect(try AuthEnvelope.open(file, privateKey: key) == Self.content)
        let other = Secret(try Fixture.bytes("keys/backup-\(kind == "rsa" ? "ec" : "rsa").pem"))
        #expect(throws: AuthEnvelopeError.cannotOpen) { try AuthEnvelope.open(file, privateKey: other) }
        #expect(throws: AuthEnvelopeError.notAnEnvelope) { try AuthEnvelope.open(file, password: Self.password) }
        for index in [file.count - 1, file.count - 40] {
            var altered = file
            altered[index] ^= 1
            #expect(throws: AuthEnvelopeError.self) { try AuthEnvelope.open(altered, privateKey: key) }
        }
    }

    @Test func `Empty content can be sealed for a certificate`() throws {
        let certificate = try Fixture.bytes("keys/backup-rsa.crt")
        let key = Secret(try Fixture.bytes("keys/backup-rsa.pem"))
        let file = try AuthEnvelope.seal(Secret(""), certificate: certificate)
        #expect(try AuthEnvelope.open(file, privateKey: key).isEmpty)
    }

    @Test func `A text without a certificate or usable key is rejected`() throws {
        let key = try Fixture.bytes("keys/rsa-pkcs8.pem")
        #expect(throws: AuthEnvelopeError.unusableCertificate) {
            try AuthEnvelope.seal(Self.content, certificate: key)
        }
        let encrypted = Secret(try Fixture.bytes("keys/encrypted-pkcs8.pem"))
        let file = try Self.sealed.get()
        #expect(throws: AuthEnvelopeError.unusableKey) { try AuthEnvelope.open(file, privateKey: encrypted) }
    }

    @Test func `CMS that is not authenticated is not read`() throws {
        let file = try Fixture.bytes("keys/enveloped-cbc.der")
        let key = Secret(try Fixture.bytes("keys/backup-rsa.pem"))
        #expect(throws: AuthEnvelopeError.notAuthenticated) { try AuthEnvelope.open(file, privateKey: key) }
    }
}
