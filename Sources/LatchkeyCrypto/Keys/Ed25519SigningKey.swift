internal import COpenSSL
internal import LatchkeyCore

/// An Ed25519 private key (RFC 8032).
package struct Ed25519SigningKey: Sendable {
    /// The first 16 hexadecimal digits of the SHA-256 of the public key's DER form (RFC 8410 §4).
    package let keyID: String
    private let key: PrivateKey

    /// The first private key of a PEM text (RFC 8410 §7); nil if it is no unencrypted Ed25519 key.
    package init?(pem: Secret) {
        guard pem.count <= AssertionKey.maxBytes, let parsed = PEM.privateKey(pem) else { return nil }
        defer { EVP_PKEY_free(parsed) }
        guard EVP_PKEY_get_base_id(parsed) == EVP_PKEY_ED25519, let key = PrivateKey(parsed),
            let keyID = Ed25519PublicKey.keyID(of: parsed)
        else { return nil }
        self.key = key
        self.keyID = keyID
    }

    /// The signature of 64 bytes; nil if libcrypto fails.
    package func sign(_ message: [UInt8]) -> [UInt8]? { key.sign(message, digest: nil) }
}
