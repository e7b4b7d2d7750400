package import LatchkeyCore

/// A public key of a key set (RFC 7517 §4) that verifies signatures: RSA, EC on P-256 or Ed25519. It has been parsed by
/// libcrypto once, so it is known to be a key.
package struct JSONWebKey: Hashable, Sendable {
    /// Why a key of a set is not used.
    package enum Rejection: Error, Hashable, Sendable, CaseIterable {
        /// For encryption, or of a type, curve or algorithm that no accepted signature uses.
        case otherUse
        /// A member is missing, of another type or not base64url, or the numbers are no key.
        case malformed
        /// RSA with a modulus outside the accepted sizes, or with an exponent that is even, 1 or longer than 32 bits.
        case weak
    }

    /// The longest `kid` in bytes.
    package static let maxKeyIDBytes = 256

    /// The `kid`; nil if the key has none.
    package let keyID: ExactText?
    package let algorithm: JWSAlgorithm
    /// SubjectPublicKeyInfo in DER (RFC 5280 §4.1).
    let der: [UInt8]

    /// - Parameter key: one element of `keys`. Members that are not named here are ignored, such as `x5c`.
    package init(_ key: JSONValue) throws(Rejection) {
        guard key.kind == .object else { throw .malformed }
        if let identifier = key["kid"] {
            guard let text = identifier.string, text.utf8.count <= Self.maxKeyIDBytes else { throw .malformed }
            keyID = ExactText(text)
        } else {
            keyID = nil
        }
        // A key for encryption must not be used for signatures (RFC 7517 §4.2). SPIFFE has a `use` of its own (SPIFFE Trust
        // Domain and Bundle §4.2.2).
        if let use = key["use"], use.string != "sig", use.string != "jwt-svid" { throw .otherUse }
        if let operations = key["key_ops"]?.elements, !operations.contains(where: { $0.string == "verify" }) {
            throw .otherUse
        }
        switch key["kty"]?.string {
        case "RSA": (algorithm, der) = (.rs256, try Self.rsa(key))
        case "EC":
            guard key["crv"]?.string == "P-256" else { throw .otherUse }
            (algorithm, der) = (.es256, try Self.p256(key))
        case "OKP":
            guard key["crv"]?.string == "Ed25519" else { throw .otherUse }
            (algorithm, der) = (.edDSA, try Self.ed25519(key))
        case nil: throw .malformed
        default: throw .otherUse
        }
        // RFC 9864 §2.2 names the algorithm of such a key `Ed25519`.
        if let named = key["alg"] {
            guard named.string == algorithm.rawValue || algorithm == .edDSA && named.string == "Ed25519" else {
                throw .otherUse
            }
        }
        guard PublicKey(self) != nil else { throw .malformed }
    }

    /// RFC 7518 §6.3.1.
    private static func rsa(_ key: JSONValue) throws(Rejection) -> [UInt8] {
        let modulus = try number(key["n"]), exponent = try number(key["e"])
        guard let first = modulus.first, let last = exponent.last else { throw .malformed }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard (Int(RSAModulus.minBits)...Int(RSAModulus.maxBits)).contains(bits),
            // A long exponent makes each verification slow.
            exponent.count <= 4, last & 1 == 1, exponent != [1]
        else { throw .weak }
        let numbers = DER.sequence(DER.integer(bigEndian: modulus), DER.integer(bigEndian: exponent))
        return DER.sequence(DER.sequence(DER.identifier(1, 2, 840, 113_549, 1, 1, 1), DER.null), DER.bits(numbers))
    }

    /// RFC 7518 §6.2.1. libcrypto checks that the point is on the curve.
    private static func p256(_ key: JSONValue) throws(Rejection) -> [UInt8] {
        let x = try octets(key["x"]), y = try octets(key["y"])
        guard x.count == 32, y.count == 32 else { throw .malformed }
        let type = DER.sequence(
            DER.identifier(1, 2, 840, 10_045, 2, 1), DER.identifier(1, 2, 840, 10_045, 3, 1, 7))
        return DER.sequence(type, DER.bits([4] + x + y))
    }

    /// RFC 8037 §2 and RFC 8410 §4.
    private static func ed25519(_ key: JSONValue) throws(Rejection) -> [UInt8] {
        let x = try octets(key["x"])
        guard x.count == 32 else { throw .malformed }
        return DER.sequence(DER.sequence(DER.identifier(1, 3, 101, 112)), DER.bits(x))
    }

    /// A Base64urlUInt without leading zeros, which some issuers write (RFC 7518 §2).
    private static func number(_ value: JSONValue?) throws(Rejection) -> [UInt8] {
        Array(try octets(value).drop { $0 == 0 })
    }

    private static func octets(_ value: JSONValue?) throws(Rejection) -> [UInt8] {
        guard let text = value?.string, let bytes = Base64.decodeURL(text) else { throw .malformed }
        return bytes
    }
}
