internal import COpenSSL
internal import LatchkeyCore

/// An Ed25519 public key (RFC 8032).
package struct Ed25519PublicKey: Sendable {
    /// As in ``Ed25519SigningKey/keyID``.
    package let keyID: String
    /// `SubjectPublicKeyInfo`.
    private let der: [UInt8]

    /// The first public key of a PEM text (RFC 7468 §13); nil if it is no Ed25519 key.
    package init?(pem: [UInt8]) {
        guard let parsed = PEM.publicKey(pem) else { return nil }
        defer { EVP_PKEY_free(parsed) }
        guard EVP_PKEY_get_base_id(parsed) == EVP_PKEY_ED25519, let der = Self.der(of: parsed) else { return nil }
        self.der = der
        keyID = Self.keyID(der)
    }

    /// Whether the signature is that of the message.
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let key = der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return d2i_PUBKEY(nil, &next, bytes.count)
        }
        guard let key else { return false }
        defer { EVP_PKEY_free(key) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The id of libcrypto's key; nil if libcrypto fails.
    static func keyID(of key: OpaquePointer) -> String? { der(of: key).map { keyID($0) } }

    private static func keyID(_ der: [UInt8]) -> String { String(SHA256.hash(der).hex.prefix(16)) }

    private static func der(of key: OpaquePointer) -> [UInt8]? {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &encoded)
        guard count > 0, let encoded else { return nil }
        defer { CRYPTO_free(encoded, nil, 0) }
        return Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}
