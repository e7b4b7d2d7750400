internal import COpenSSL

/// Encrypted and authenticated files: CMS AuthEnvelopedData (RFC 5083) in DER with AES-256-GCM, for the holder of a
/// password or of a private key.
///
/// `openssl cms -decrypt -inform DER` opens them too, but writes plaintext before it has verified the tag. Here no
/// content is returned unless the tag is valid.
package enum AuthEnvelope {
    /// The most bytes of content.
    package static let maxContentBytes = 256 << 20
    /// The most bytes of a file, which has the encoding besides the content.
    package static let maxFileBytes = maxContentBytes + 65_536
    /// The least iterations of PBKDF2 with HMAC-SHA-256, and those of a new file (OWASP Password Storage Cheat Sheet,
    /// 2023).
    static let minIterations = 600_000
    /// The most iterations that a file may demand. They take some seconds.
    static let maxIterations = 50_000_000

    // MARK: Sealing

    /// Seals `content` with a password.
    package static func seal(_ content: Secret, password: Secret) throws(AuthEnvelopeError) -> [UInt8] {
        guard content.count <= maxContentBytes else { throw .tooLong }
        let envelope = PasswordEnvelope(password: password, iterations: minIterations)
        guard let bytes = envelope.seal(content) else { throw .failed }
        return bytes
    }

    /// Seals `content` for the private key of a certificate: RSA with OAEP (RFC 3560), EC with ECDH (RFC 5753).
    package static func seal(_ content: Secret, certificate pem: [UInt8]) throws(AuthEnvelopeError) -> [UInt8] {
        defer { ERR_clear_error() }
        guard content.count <= maxContentBytes else { throw .tooLong }
        guard let certificate = PEM.certificate(pem) else { throw .unusableCertificate }
        defer { X509_free(certificate) }
        guard let key = X509_get0_pubkey(certificate) else { throw .unusableCertificate }
        let isRSA = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
        guard isRSA ? EVP_PKEY_get_bits(key) >= RSAModulus.minBits : EVP_PKEY_get_base_id(key) == EVP_PKEY_EC else {
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
        // libcrypto wants a non-null address even for empty content.
        let isDone = content.withBytes { bytes in
            guard let input = BIO_new_mem_buf(bytes.baseAddress ?? UnsafeRawPointer(certificate), Int32(bytes.count))
            else { return false }
            defer { BIO_free(input) }
            return CMS_final(envelope, input, nil, flags & ~UInt32(CMS_PARTIAL)) == 1
        }
        guard isDone else { throw .failed }
        return try encode(envelope)
    }

    /// Whether the bytes have the shape of a file that ``seal(_:password:)`` or ``seal(_:certificate:)`` makes. Nothing
    /// is decrypted.
    package static func hasShape(_ file: [UInt8]) -> Bool {
        EnvelopeShape.isPasswordEnvelope(file) || EnvelopeShape.isCertificateEnvelope(file)
    }

    // MARK: Opening

    /// The content of a file that was sealed with the password.
    package static func open(_ file: [UInt8], password: Secret) throws(AuthEnvelopeError) -> Secret {
        try open(file, hasShape: EnvelopeShape.isPasswordEnvelope) { envelope in
            password.withBytes { password in
                // The parameter is mutable, but libcrypto does not change the password.
                let bytes = UnsafeMutablePointer(
                    mutating: password.baseAddress?.assumingMemoryBound(to: UInt8.self))
                return CMS_decrypt_set1_password(envelope, bytes, password.count) == 1
            }
        }
    }

    /// The content of a file that was sealed for the certificate of the private key.
    package static func open(_ file: [UInt8], privateKey pem: Secret) throws(AuthEnvelopeError) -> Secret {
        guard let key = PEM.privateKey(pem) else { throw .unusableKey }
        defer { EVP_PKEY_free(key) }
        return try open(file, hasShape: EnvelopeShape.isCertificateEnvelope) { envelope in
            CMS_decrypt_set1_pkey(envelope, key, nil) == 1
        }
    }

    private static func open(
        _ file: [UInt8], hasShape: ([UInt8]) -> Bool, unlock: (OpaquePointer) -> Bool
    ) throws(AuthEnvelopeError) -> Secret {
        defer { ERR_clear_error() }
        guard file.count <= maxFileBytes else { throw .tooLong }
        guard let envelope = parse(file) else { throw .notAnEnvelope }
        defer { CMS_ContentInfo_free(envelope) }
        guard OBJ_obj2nid(CMS_get0_type(envelope)) == NID_id_smime_ct_authEnvelopedData else {
            throw .notAuthenticated
        }
        guard hasShape(file) else { throw .notAnEnvelope }
        guard let output = BIO_new(BIO_s_mem()) else { throw .failed }
        defer { BIO_free(output) }
        // CMS_decrypt verifies the tag last, when the plaintext is already in `output`. Nothing else sees that memory,
        // and libcrypto erases it when it is freed.
        guard unlock(envelope), CMS_decrypt(envelope, nil, nil, nil, output, UInt32(CMS_BINARY)) == 1 else {
            throw .cannotOpen
        }
        var start: UnsafeMutablePointer<CChar>?
        let count = latchkey_memory_bytes(output, &start)
        return Secret(UnsafeRawBufferPointer(start: start, count: max(0, count)))
    }

    // MARK: libcrypto

    /// The CMS structure that the bytes encode; nil for other bytes, and if more bytes follow.
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

    private static func encode(_ envelope: OpaquePointer) throws(AuthEnvelopeError) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_CMS_ContentInfo(envelope, &encoded)
        guard count > 0, let encoded else { throw .failed }
        defer { CRYPTO_free(encoded, nil, 0) }
        return Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}
