internal import COpenSSL
package import LatchkeyCore

/// An RSA key that signs JSON Web Tokens with RS256 (RSASSA-PKCS1-v1_5 and SHA-256, RFC 7518 §3.3).
package struct SigningKey: Sendable {
    /// The RFC 7638 thumbprint of the key: base64url of SHA-256 over its canonical public members.
    package let keyID: String
    /// The public half as a JWK (RFC 7517 §4, RFC 7518 §6.3.1) with `kid`, `alg` and `use`.
    package let publicKey: JSON
    private let privateKey: PrivateKey

    /// A new key with a modulus of 2048 bits.
    package static func generateRSA() throws(SigningError) -> SigningKey {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw SigningError() }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_rsa_keygen_bits(context, RSAModulus.minBits) == 1,
            EVP_PKEY_keygen(context, &key) == 1, let key
        else { throw SigningError() }
        defer { EVP_PKEY_free(key) }
        return try SigningKey(key)
    }

    /// Copies libcrypto's key, which the caller still owns.
    private init(_ key: OpaquePointer) throws(SigningError) {
        guard let modulus = Self.number("n", of: key), let exponent = Self.number("e", of: key) else {
            throw SigningError()
        }
        guard let privateKey = PrivateKey(key) else { throw SigningError() }
        self.privateKey = privateKey
        let members: JSONObject = [
            "e": .string(Base64.encodeURL(exponent)), "kty": "RSA", "n": .string(Base64.encodeURL(modulus)),
        ]
        // RFC 7638 §3 wants the required members in the order of their names without white space, as JSON is written
        // here.
        keyID = Base64.encodeURL(SHA256.hash(JSON.object(members).bytes()).bytes)
        publicKey = .object(members.merging(["alg": "RS256", "kid": .string(keyID), "use": "sig"]))
    }

    /// The signature over `message`, as long as the modulus.
    package func signRS256(_ message: [UInt8]) throws(SigningError) -> [UInt8] {
        guard let signature = privateKey.signSHA256(message) else { throw SigningError() }
        return signature
    }

    /// A public number of the key, big-endian without leading zeros (Base64urlUInt, RFC 7518 §2).
    private static func number(_ name: String, of key: OpaquePointer) -> [UInt8]? {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }
}
