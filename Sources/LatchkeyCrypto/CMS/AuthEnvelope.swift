internal import COpenSSL

/// Files that only the holder of a password or of a private key can read, and nobody can alter unseen: CMS
/// AuthEnvelopedData (RFC 5083) in DER, AES-256-GCM. `openssl cms -decrypt -inform DER` opens them, but writes out what it
/// decrypts before it finds a wrong tag; here nothing is given out until the tag holds.
package enum AuthEnvelope {
    /// Why a file was not sealed or opened. Lower case; says how to mend it.
    package enum Refusal: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        /// Longer than ``longest``.
        case tooLong
        /// No CMS, cut off, or with something behind it.
        case notAnEnvelope
        /// CMS of another kind: what is not authenticated is not read.
        case notAuthenticated
        /// The wrong password or key, or an altered file: which of them cannot be told.
        case cannotOpen
        /// No certificate in PEM that can be encrypted for.
        case unusableCertificate
        /// No private key in PEM, or an encrypted one.
        case unusableKey
        /// libcrypto failed: no memory, no entropy, or a policy that forbids an algorithm.
        case failed

        package var description: String {
            switch self {
            case .tooLong: "it is longer than 256 MiB"
            case .notAnEnvelope: "the file is cut off, altered or no CMS file"
            case .notAuthenticated: "the file is CMS, but not AuthEnvelopedData: anybody could have altered it"
            case .cannotOpen: "the password or key is wrong, or the file was altered"
            case .unusableCertificate: "not a certificate in PEM with an RSA (2048 bits or more) or EC key"
            case .unusableKey: "not a private key in PEM; decrypt an encrypted one with: openssl pkey -in key.pem"
            case .failed: "libcrypto refuses"
            }
        }
    }

    /// Bytes of content that are sealed, and a little less than those of a file that is opened.
    package static let longest = 256 << 20
    /// Rounds of PBKDF2 with HMAC-SHA-256 (OWASP Password Storage Cheat Sheet, 2023).
    package static let iterations = 600_000
    /// The least there may be.
    package static let fewestIterations = 600_000
    /// The most that are computed for a file: some seconds' worth.
    package static let mostIterations = 50_000_000

    // MARK: Sealing

    /// `content` for who knows `password`.
    /// - Parameter iterations: rounds of PBKDF2, ``fewestIterations`` at least.
    package static func seal(
        _ content: Secret, password: Secret, iterations: Int = iterations
    ) throws(Refusal) -> [UInt8] {
        guard content.count <= longest else { throw .tooLong }
        let envelope = PasswordEnvelope(password: password, iterations: max(iterations, fewestIterations))
        guard let bytes = envelope.seal(content) else { throw .failed }
        return bytes
    }

    /// `content` for who has the private key of a certificate: RSA by OAEP (RFC 3560), EC by ECDH (RFC 5753).
    package static func seal(_ content: Secret, certificate pem: [UInt8]) throws(Refusal) -> [UInt8] {
        defer { ERR_clear_error() }
        guard content.count <= longest else { throw .tooLong }
        guard let certificate = readCertificate(pem) else { throw .unusableCertificate }
        defer { X509_free(certificate) }
        guard let key = X509_get0_pubkey(certificate) else { throw .unusableCertificate }
        let isRSA = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
        guard isRSA ? EVP_PKEY_get_bits(key) >= 2048 : EVP_PKEY_get_base_id(key) == EVP_PKEY_EC else {
            throw .unusableCertificate
        }
        let flags = UInt32(CMS_PARTIAL | CMS_BINARY)
        guard let envelope = CMS_encrypt(nil, nil, EVP_aes_256_gcm(), flags) else { throw .failed }
        defer { CMS_ContentInfo_free(envelope) }
        guard
            let recipient = CMS_add1_recipient_cert(
                envelope, certificate, isRSA ? UInt32(CMS_KEY_PARAM) : 0)
        else { throw .unusableCertificate }
        if isRSA {
            let context = CMS_RecipientInfo_get0_pkey_ctx(recipient)
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1
            else { throw .failed }
        }
        // An empty content has no address, and libcrypto wants one.
        let isDone = content.withBytes { bytes in
            guard let input = BIO_new_mem_buf(bytes.baseAddress ?? UnsafeRawPointer(certificate), Int32(bytes.count))
            else { return false }
            defer { BIO_free(input) }
            return CMS_final(envelope, input, nil, flags & ~UInt32(CMS_PARTIAL)) == 1
        }
        guard isDone else { throw .failed }
        return try encode(envelope)
    }

    /// Whether the bytes have the shape of an envelope that is sealed here. Nothing is opened.
    package static func hasShape(_ file: [UInt8]) -> Bool {
        EnvelopeShape.isPasswordEnvelope(file) || EnvelopeShape.isCertificateEnvelope(file)
    }

    // MARK: Opening

    /// The content, for who knows the password.
    package static func open(_ file: [UInt8], password: Secret) throws(Refusal) -> Secret {
        try open(file, isOurs: EnvelopeShape.isPasswordEnvelope) { envelope in
            password.withBytes { password in
                // libcrypto takes the password as mutable and does not change it.
                let bytes = UnsafeMutablePointer(
                    mutating: password.baseAddress?.assumingMemoryBound(to: UInt8.self))
                return CMS_decrypt_set1_password(envelope, bytes, password.count) == 1
            }
        }
    }

    /// The content, for who has the private key of the certificate it was sealed for.
    package static func open(_ file: [UInt8], privateKey pem: Secret) throws(Refusal) -> Secret {
        guard let key = AssertionKey.parse(pem) else { throw .unusableKey }
        defer { EVP_PKEY_free(key) }
        return try open(file, isOurs: EnvelopeShape.isCertificateEnvelope) { envelope in
            CMS_decrypt_set1_pkey(envelope, key, nil) == 1
        }
    }

    private static func open(
        _ file: [UInt8], isOurs: ([UInt8]) -> Bool, unlock: (OpaquePointer) -> Bool
    ) throws(Refusal) -> Secret {
        defer { ERR_clear_error() }
        guard file.count <= longest + 65_536 else { throw .tooLong }
        guard let envelope = parse(file) else { throw .notAnEnvelope }
        defer { CMS_ContentInfo_free(envelope) }
        guard OBJ_obj2nid(CMS_get0_type(envelope)) == NID_id_smime_ct_authEnvelopedData else {
            throw .notAuthenticated
        }
        guard isOurs(file) else { throw .notAnEnvelope }
        guard let output = BIO_new(BIO_s_mem()) else { throw .failed }
        defer { BIO_free(output) }
        // The tag is checked at the end of CMS_decrypt, by when everything is in `output`: memory of ours alone, which
        // libcrypto wipes when it is freed.
        guard unlock(envelope), CMS_decrypt(envelope, nil, nil, nil, output, UInt32(CMS_BINARY)) == 1 else {
            throw .cannotOpen
        }
        var start: UnsafeMutablePointer<CChar>?
        let count = latchkey_memory_bytes(output, &start)
        return Secret(UnsafeRawBufferPointer(start: start, count: max(0, count)))
    }

    // MARK: libcrypto

    /// The one CMS structure that the bytes are; nil for anything before, behind or else.
    private static func parse(_ file: [UInt8]) -> OpaquePointer? {
        file.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            guard let envelope = d2i_CMS_ContentInfo(nil, &next, bytes.count) else { return nil }
            guard let next, let base = bytes.baseAddress, next - base == bytes.count else {
                CMS_ContentInfo_free(envelope)
                return nil
            }
            return envelope
        }
    }

    private static func encode(_ envelope: OpaquePointer) throws(Refusal) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_CMS_ContentInfo(envelope, &encoded)
        guard count > 0, let encoded else { throw .failed }
        defer { CRYPTO_free(encoded, nil, 0) }
        return Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }

    private static func readCertificate(_ pem: [UInt8]) -> OpaquePointer? {
        pem.withUnsafeBytes { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(bio) }
            return PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil)
        }
    }
}
