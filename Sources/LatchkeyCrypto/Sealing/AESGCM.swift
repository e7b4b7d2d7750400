internal import COpenSSL

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D), a stream mode: the ciphertext is as long as the content.
enum AESGCM {
    /// Bytes of the key, the nonce and the tag. RFC 5084 §3.2 recommends these for the nonce and the tag.
    static let keyLength = 32
    static let nonceLength = 12
    static let tagLength = 16
    /// Bytes of an AES block.
    private static let blockLength = 16

    /// Encrypts and authenticates. Nil if libcrypto fails.
    ///
    /// - Parameters:
    ///   - nonce: ``nonceLength`` bytes, never used twice with one key.
    ///   - associated: bytes that the tag covers too.
    static func encrypt(
        _ content: Secret, key: Secret, nonce: [UInt8], associated: [UInt8] = []
    ) -> (ciphertext: [UInt8], tag: [UInt8])? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var ciphertext = [UInt8](repeating: 0, count: content.count)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var last = [UInt8](repeating: 0, count: blockLength)
        var (covered, written, lastLength): (Int32, Int32, Int32) = (0, 0, 0)
        let isDone = content.withBytes { content in
            key.withBytes { key in
                EVP_EncryptInit_ex(
                    context, EVP_aes_256_gcm(), nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce) == 1
                    && EVP_EncryptUpdate(context, nil, &covered, associated, Int32(clamping: associated.count)) == 1
                    && EVP_EncryptUpdate(
                        context, &ciphertext, &written, content.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        Int32(clamping: content.count)) == 1
            }
        }
        guard isDone, Int(written) == content.count, EVP_EncryptFinal_ex(context, &last, &lastLength) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { return nil }
        return (ciphertext, tag)
    }

    /// Verifies and decrypts. Nil if a bit of ciphertext, tag, nonce, key or associated bytes differs. No other code sees
    /// the content before the tag is verified.
    static func decrypt(
        _ ciphertext: ArraySlice<UInt8>, tag: ArraySlice<UInt8>, key: Secret, nonce: [UInt8], associated: [UInt8]
    ) -> Secret? {
        guard tag.count == tagLength, nonce.count == nonceLength, key.count == keyLength,
            let context = EVP_CIPHER_CTX_new()
        else { return nil }
        defer {
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        var content = [UInt8](repeating: 0, count: ciphertext.count + blockLength)
        defer { OPENSSL_cleanse(&content, content.count) }
        var tag = Array(tag)
        var last = [UInt8](repeating: 0, count: blockLength)
        var (covered, written, lastLength): (Int32, Int32, Int32) = (0, 0, 0)
        let isDone = key.withBytes { key in
            ciphertext.withUnsafeBufferPointer { bytes in
                EVP_DecryptInit_ex(
                    context, EVP_aes_256_gcm(), nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce) == 1
                    && EVP_DecryptUpdate(context, nil, &covered, associated, Int32(clamping: associated.count)) == 1
                    && EVP_DecryptUpdate(
                        context, &content, &written, bytes.baseAddress, Int32(clamping: bytes.count)) == 1
            }
        }
        guard isDone, Int(written) == ciphertext.count,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            EVP_DecryptFinal_ex(context, &last, &lastLength) == 1
        else { return nil }
        return Secret(content.prefix(Int(written)))
    }
}
