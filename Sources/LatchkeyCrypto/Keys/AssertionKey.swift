internal import COpenSSL

/// A client's private key, which signs the assertions that authenticate the client (RFC 7523 §2.2): RSA with RS256 (RFC
/// 7518 §3.3), or EC on P-256 with ES256 (RFC 7518 §3.4).
package struct AssertionKey: Sendable {
    /// A JWS algorithm (RFC 7518 §3.1).
    package enum Algorithm: String, Sendable {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    /// The most bytes that a PEM text may have.
    package static let maxBytes = 16_384

    package let algorithm: Algorithm
    private let key: PrivateKey

    /// The first private key of a PEM text (RFC 7468 §10 and §13, RFC 8017 A.1.2, RFC 5915 §4).
    package init(pem: Secret) throws(AssertionKeyError) {
        guard pem.count <= Self.maxBytes else { throw .notAKey }
        // The label of PKCS #8, and the header of the older form (RFC 1421 §4.6.1.1).
        guard !pem.contains("BEGIN ENCRYPTED PRIVATE KEY"), !pem.contains("Proc-Type: 4,ENCRYPTED") else {
            throw .encrypted
        }
        guard let parsed = PEM.privateKey(pem) else { throw .notAKey }
        defer { EVP_PKEY_free(parsed) }
        switch EVP_PKEY_get_base_id(parsed) {
        case EVP_PKEY_RSA:
            guard (RSAModulus.minBits...RSAModulus.maxBits).contains(EVP_PKEY_get_bits(parsed)) else {
                throw .wrongLength
            }
            algorithm = .rs256
        case EVP_PKEY_EC:
            guard Self.isP256(parsed) else { throw .wrongCurve }
            algorithm = .es256
        default: throw .wrongKind
        }
        guard let key = PrivateKey(parsed) else { throw .notAKey }
        self.key = key
    }

    /// A JWS signature over `message` (RFC 7515 §5.1). For ES256 this is two numbers of 32 bytes each (RFC 7518 §3.4),
    /// while libcrypto's signature is DER.
    package func sign(_ message: [UInt8]) throws(SigningError) -> [UInt8] {
        guard let signature = key.signSHA256(message) else { throw SigningError() }
        guard algorithm == .es256 else { return signature }
        var next: UnsafePointer<UInt8>?
        return try signature.withUnsafeBufferPointer { bytes throws(SigningError) in
            next = bytes.baseAddress
            guard let pair = d2i_ECDSA_SIG(nil, &next, bytes.count) else { throw SigningError() }
            defer { ECDSA_SIG_free(pair) }
            var joined = [UInt8](repeating: 0, count: 64)
            let isWritten = joined.withUnsafeMutableBufferPointer { joined in
                guard let base = joined.baseAddress else { return false }
                return BN_bn2binpad(ECDSA_SIG_get0_r(pair), base, 32) == 32
                    && BN_bn2binpad(ECDSA_SIG_get0_s(pair), base + 32, 32) == 32
            }
            guard isWritten else { throw SigningError() }
            return joined
        }
    }

    private static func isP256(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return false }
        let group = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return group == "prime256v1" || group == "P-256"
    }
}

extension Secret {
    /// Whether the bytes contain `text`. Not in constant time, so only for labels that are not secret.
    fileprivate func contains(_ text: String) -> Bool {
        let label = Array(text.utf8)
        return withBytes { bytes in
            guard bytes.count >= label.count else { return false }
            return (0...(bytes.count - label.count)).contains { start in
                bytes[start..<(start + label.count)].elementsEqual(label)
            }
        }
    }
}
