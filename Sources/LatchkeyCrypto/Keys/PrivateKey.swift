internal import COpenSSL

/// A private key as DER in a ``Secret``. It is parsed for each signature, which costs a twentieth of the signature and
/// shares no libcrypto object between threads.
struct PrivateKey: Sendable {
    /// PKCS #1 `RSAPrivateKey` or SEC 1 `ECPrivateKey`.
    private let der: Secret

    /// Copies libcrypto's key, which the caller still owns; nil if libcrypto fails.
    init?(_ key: OpaquePointer) {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_PrivateKey(key, &encoded)
        guard count > 0, let encoded else { return nil }
        der = Secret(UnsafeBufferPointer(start: encoded, count: Int(count)))
        CRYPTO_clear_free(encoded, Int(count), nil, 0)
    }

    /// The signature over the SHA-256 of `message` in the scheme of the key, as libcrypto encodes it; nil if libcrypto
    /// fails.
    func signSHA256(_ message: [UInt8]) -> [UInt8]? { sign(message, digest: EVP_sha256()) }

    /// The signature over `message` in the scheme of the key; nil if libcrypto fails.
    ///
    /// - Parameter digest: nil for a scheme that has its own (Ed25519).
    func sign(_ message: [UInt8], digest: OpaquePointer?) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        let key = der.withBytes { bytes in
            var next = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return d2i_AutoPrivateKey(nil, &next, bytes.count)
        }
        guard let key else { return nil }
        defer { EVP_PKEY_free(key) }
        var length = 0
        guard EVP_DigestSignInit(context, nil, digest, nil, key) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { return nil }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else { return nil }
        return Array(signature.prefix(length))
    }
}
