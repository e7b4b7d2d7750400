internal import COpenSSL

/// Seals an envelope with a password: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084). The content key is
/// wrapped (RFC 3211) with a key that PBKDF2 with HMAC-SHA-256 derives from the password (RFC 8018).
///
/// libcrypto is not used for this, because its password recipients always use PBKDF2 with HMAC-SHA-1. The key-wrap
/// cipher is AES-256-CBC: RFC 3211 requires a block cipher, and libcrypto fails with the GCM of the content.
struct PasswordEnvelope {
    /// Bytes of the salt. RFC 8018 §4.1 recommends 8 or more.
    private static let saltLength = 16
    /// Bytes of an AES block.
    private static let blockLength = 16

    let password: Secret
    let iterations: Int

    /// The envelope in DER; nil if libcrypto fails.
    func seal(_ content: Secret) -> [UInt8]? {
        let contentKey = Secret(Random.bytes(32))
        let nonce = Random.bytes(AESGCM.nonceLength)
        let salt = Random.bytes(Self.saltLength)
        let wrapIV = Random.bytes(Self.blockLength)
        guard let sealed = AESGCM.encrypt(content, key: contentKey, nonce: nonce), let wrappingKey = derive(salt),
            let wrapped = Self.wrap(contentKey, under: wrappingKey, iv: wrapIV)
        else { return nil }
        return Self.contentInfo(
            recipient: recipient(salt: salt, wrapIV: wrapIV, wrapped: wrapped), nonce: nonce,
            ciphertext: sealed.ciphertext, tag: sealed.tag)
    }

    /// An envelope of empty content with zeros in place of the random values and the tag.
    static func template(iterations: Int) -> [UInt8] {
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        let envelope = PasswordEnvelope(password: Secret(""), iterations: iterations)
        return contentInfo(
            recipient: envelope.recipient(
                salt: zeros(saltLength), wrapIV: zeros(blockLength), wrapped: zeros(3 * blockLength)),
            nonce: zeros(AESGCM.nonceLength), ciphertext: [], tag: zeros(AESGCM.tagLength))
    }

    // MARK: Cryptography

    /// The key-encryption key (RFC 8018 §5.2).
    private func derive(_ salt: [UInt8]) -> Secret? {
        var key = [UInt8](repeating: 0, count: 32)
        let isDone = password.withBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(password.count), salt,
                Int32(salt.count), Int32(iterations), EVP_sha256(), Int32(key.count), &key)
        }
        defer { OPENSSL_cleanse(&key, key.count) }
        return isDone == 1 ? Secret(key) : nil
    }

    /// Wraps the content key: its length, three check bytes, the key, and random padding to at least
    /// two blocks, encrypted twice in one chain (RFC 3211 §2.3.1).
    private static func wrap(_ key: Secret, under wrappingKey: Secret, iv: [UInt8]) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let plain = key.withBytes { key in
            Secret(
                [UInt8(key.count)] + key.prefix(3).map { ~$0 } + key
                    + Random.bytes((blockLength - (key.count + 4) % blockLength) % blockLength))
        }
        let count = Int32(plain.count)
        var once = [UInt8](repeating: 0, count: plain.count)
        var twice = once
        var written: Int32 = 0
        let isDone = plain.withBytes { plain in
            wrappingKey.withBytes { wrappingKey in
                EVP_EncryptInit_ex(
                    context, EVP_aes_256_cbc(), nil, wrappingKey.baseAddress?.assumingMemoryBound(to: UInt8.self), iv)
                    == 1 && EVP_CIPHER_CTX_set_padding(context, 0) == 1
                    && EVP_EncryptUpdate(
                        context, &once, &written, plain.baseAddress?.assumingMemoryBound(to: UInt8.self), count) == 1
            }
        }
        guard isDone, written == count, EVP_EncryptUpdate(context, &twice, &written, once, count) == 1, written == count
        else { return nil }
        return twice
    }

    // MARK: Encoding

    /// PasswordRecipientInfo (RFC 5652 §6.2.4).
    private func recipient(salt: [UInt8], wrapIV: [UInt8], wrapped: [UInt8]) -> [UInt8] {
        let hmacSHA256 = DER.sequence(DER.identifier(1, 2, 840, 113_549, 2, 9), DER.null)
        let derivation =
            DER.identifier(1, 2, 840, 113_549, 1, 5, 12)
            + DER.sequence(DER.octets(salt), DER.integer(iterations), hmacSHA256)
        let aes256CBC = DER.sequence(DER.identifier(2, 16, 840, 1, 101, 3, 4, 1, 42), DER.octets(wrapIV))
        let encryption = DER.sequence(DER.identifier(1, 2, 840, 113_549, 1, 9, 16, 3, 9), aes256CBC)
        return DER.tagged(3, DER.integer(0) + DER.tagged(0, derivation) + encryption + DER.octets(wrapped))
    }

    /// ContentInfo of AuthEnvelopedData, version 0 (RFC 5083 §2.1), with the parameters of GCM (RFC 5084 §3.2).
    private static func contentInfo(
        recipient: [UInt8], nonce: [UInt8], ciphertext: [UInt8], tag: [UInt8]
    ) -> [UInt8] {
        let aes256GCM = DER.sequence(
            DER.identifier(2, 16, 840, 1, 101, 3, 4, 1, 46),
            DER.sequence(DER.octets(nonce), DER.integer(AESGCM.tagLength)))
        let content = DER.sequence(
            DER.identifier(1, 2, 840, 113_549, 1, 7, 1), aes256GCM, DER.taggedOctets(0, ciphertext))
        let envelope = DER.sequence(DER.integer(0), DER.set(recipient), content, DER.octets(tag))
        return DER.sequence(DER.identifier(1, 2, 840, 113_549, 1, 9, 16, 1, 23), DER.tagged(0, envelope))
    }
}
