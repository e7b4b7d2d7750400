internal import COpenSSL

/// A public key that verifies signatures. libcrypto's object is not shared between threads, so each worker makes its own of
/// a ``JSONWebKey``.
package final class PublicKey {
    package let algorithm: JWSAlgorithm
    private let key: OpaquePointer

    /// Nil if libcrypto does not accept the key, or it is of another type than its algorithm.
    package init?(_ key: JSONWebKey) {
        defer { ERR_clear_error() }
        let parsed = key.der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return d2i_PUBKEY(nil, &next, bytes.count)
        }
        guard let parsed else { return nil }
        guard EVP_PKEY_get_base_id(parsed) == key.algorithm.keyType else {
            EVP_PKEY_free(parsed)
            return nil
        }
        self.key = parsed
        algorithm = key.algorithm
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether `signature` is a JWS signature of this key over `message` (RFC 7515 §5.2).
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let encoded = encode(signature), let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let digest = algorithm == .edDSA ? nil : EVP_sha256()
        return EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1
            && EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }

    /// The signature as libcrypto expects it; nil if its length is not that of its algorithm.
    private func encode(_ signature: [UInt8]) -> [UInt8]? {
        switch algorithm {
        // RFC 8017 §8.2.2, step 1.
        case .rs256: signature.count == Int(EVP_PKEY_get_size(key)) ? signature : nil
        // RFC 8032 §5.1.7.
        case .edDSA: signature.count == 64 ? signature : nil
        // Two numbers of 32 bytes each (RFC 7518 §3.4); libcrypto reads DER. It refuses zero and numbers of the group's
        // order or more.
        case .es256:
            signature.count == 64
                ? DER.sequence(
                    DER.integer(bigEndian: Array(signature[..<32])), DER.integer(bigEndian: Array(signature[32...])))
                : nil
        }
    }
}

extension JWSAlgorithm {
    /// The EVP_PKEY type of its keys.
    fileprivate var keyType: Int32 {
        switch self {
        case .rs256: EVP_PKEY_RSA
        case .es256: EVP_PKEY_EC
        case .edDSA: EVP_PKEY_ED25519
        }
    }
}
