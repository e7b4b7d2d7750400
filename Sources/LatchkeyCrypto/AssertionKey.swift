internal import COpenSSL

/// A client's own private key, which signs the assertions it proves itself with (RFC 7523 §2.2): RSA by RS256 (RFC 7518
/// §3.3), EC on P-256 by ES256 (RFC 7518 §3.4).
package struct AssertionKey: Sendable {
    /// Why a text is no key to sign with. The texts say how to mend it and hold nothing of the key.
    package enum Refusal: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        /// No PEM block of a private key that libcrypto can read, or one longer than ``longest``.
        case notAKey
        /// A passphrase is needed, and there is none to be had.
        case encrypted
        /// Neither RSA nor EC (Ed25519, for one).
        case wrongKind
        /// EC, and not on P-256.
        case wrongCurve
        /// RSA under 2048 bits (RFC 7518 §3.3 forbids it), or over ``longestModulus``.
        case wrongLength

        package var description: String {
            switch self {
            case .notAKey: "not a private key in PEM (PKCS #8, PKCS #1 or SEC 1)"
            case .encrypted: "the private key is encrypted; decrypt it with: openssl pkey -in key.pem"
            case .wrongKind: "the private key is neither RSA nor EC"
            case .wrongCurve: "the private key's curve is not P-256"
            case .wrongLength: "the private key is RSA of fewer than 2048 or more than 8192 bits"
            }
        }
    }

    /// The JWS algorithms (RFC 7518 §3.1).
    package enum Algorithm: String, Sendable {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    /// Longest PEM text read, in bytes.
    package static let longest = 16_384
    /// Longest RSA modulus used, in bits: a signature's time grows with its third power.
    package static let longestModulus: Int32 = 8192

    package let algorithm: Algorithm
    private let key: PrivateKey

    /// The first private key of a PEM text (RFC 7468 §10 and §13, RFC 8017 A.1.2, RFC 5915 §4).
    package init(pem: Secret) throws(Refusal) {
        guard pem.count <= Self.longest else { throw .notAKey }
        // PKCS #8's label, and the header of the older form (RFC 1421 §4.6.1.1).
        guard !pem.contains("BEGIN ENCRYPTED PRIVATE KEY"), !pem.contains("Proc-Type: 4,ENCRYPTED") else {
            throw .encrypted
        }
        guard let parsed = Self.parse(pem) else { throw .notAKey }
        defer { EVP_PKEY_free(parsed) }
        switch EVP_PKEY_get_base_id(parsed) {
        case EVP_PKEY_RSA:
            guard (2048...Self.longestModulus).contains(EVP_PKEY_get_bits(parsed)) else { throw .wrongLength }
            algorithm = .rs256
        case EVP_PKEY_EC:
            guard Self.isP256(parsed) else { throw .wrongCurve }
            algorithm = .es256
        default: throw .wrongKind
        }
        guard let key = PrivateKey(parsed) else { throw .notAKey }
        self.key = key
    }

    /// A JWS signature over `message` (RFC 7515 §5.1): for ES256 the two numbers of 32 bytes each, one behind the other
    /// (RFC 7518 §3.4), and not libcrypto's DER.
    package func sign(_ message: [UInt8]) throws(SigningKey.Refused) -> [UInt8] {
        guard let signature = key.signSHA256(message) else { throw SigningKey.Refused() }
        guard algorithm == .es256 else { return signature }
        var next: UnsafePointer<UInt8>?
        return try signature.withUnsafeBufferPointer { bytes throws(SigningKey.Refused) in
            next = bytes.baseAddress
            guard let pair = d2i_ECDSA_SIG(nil, &next, bytes.count) else { throw SigningKey.Refused() }
            defer { ECDSA_SIG_free(pair) }
            var joined = [UInt8](repeating: 0, count: 64)
            let written = joined.withUnsafeMutableBufferPointer { joined in
                guard let base = joined.baseAddress else { return false }
                return BN_bn2binpad(ECDSA_SIG_get0_r(pair), base, 32) == 32
                    && BN_bn2binpad(ECDSA_SIG_get0_s(pair), base + 32, 32) == 32
            }
            guard written else { throw SigningKey.Refused() }
            return joined
        }
    }

    static func parse(_ pem: Secret) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return pem.withBytes { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(bio) }
            // Without a callback libcrypto would ask for a passphrase at the terminal.
            return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
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
    /// Whether `text` stands in it. Not in constant time: for marks that are no secret.
    fileprivate func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return withBytes { bytes in
            guard bytes.count >= wanted.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { start in
                bytes[start..<(start + wanted.count)].elementsEqual(wanted)
            }
        }
    }
}
