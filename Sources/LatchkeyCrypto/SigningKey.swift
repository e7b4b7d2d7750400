internal import COpenSSL
package import LatchkeyCore

/// An RSA key that signs JSON Web Tokens by RS256 (RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3).
package struct SigningKey: Sendable {
    /// libcrypto refused: no memory, no entropy, or a policy that forbids the key's size.
    package struct Refused: Error, Hashable, Sendable {}

    /// The key's RFC 7638 thumbprint: base64url of SHA-256 over its canonical public members.
    package let keyID: String
    /// The public half as a JWK (RFC 7517 §4, RFC 7518 §6.3.1) with `kid`, `alg` and `use`.
    package let publicKey: JSON
    private let privateKey: PrivateKey

    /// A new key.
    /// - Parameter bits: length of the modulus; RS256 wants 2048 or more (RFC 7518 §3.3).
    package static func generateRSA(bits: Int32 = 2048) throws(Refused) -> SigningKey {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw Refused() }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1,
            EVP_PKEY_keygen(context, &key) == 1, let key
        else { throw Refused() }
        defer { EVP_PKEY_free(key) }
        return try SigningKey(key)
    }

    /// Copies what is needed out of libcrypto's key, which stays the caller's.
    private init(_ key: OpaquePointer) throws(Refused) {
        guard let modulus = Self.number("n", of: key), let exponent = Self.number("e", of: key) else { throw Refused() }
        guard let privateKey = PrivateKey(key) else { throw Refused() }
        self.privateKey = privateKey
        let members: JSONObject = [
            "e": .string(Base64.encodeURL(exponent)), "kty": "RSA", "n": .string(Base64.encodeURL(modulus)),
        ]
        // The required members in the order of their names and no white space (RFC 7638 §3): how JSON is written here.
        keyID = Base64.encodeURL(SHA256.hash(JSON.object(members).bytes()).bytes)
        publicKey = .object(members.merging(["alg": "RS256", "kid": .string(keyID), "use": "sig"]))
    }

    /// The signature over `message`, as long as the modulus.
    package func signRS256(_ message: [UInt8]) throws(Refused) -> [UInt8] {
        guard let signature = privateKey.signSHA256(message) else { throw Refused() }
        return signature
    }

    /// One of the key's public numbers, big-endian without leading zeros (RFC 7518 §2, Base64urlUInt).
    private static func number(_ name: String, of key: OpaquePointer) -> [UInt8]? {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }
}
