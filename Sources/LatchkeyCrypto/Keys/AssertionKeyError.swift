/// Why a text is not a key that can sign assertions. The descriptions say how to fix it and hold nothing of the key.
package enum AssertionKeyError: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The text has no PEM private key that libcrypto reads, or is longer than ``AssertionKey/maxBytes``.
    case notAKey
    /// The key is encrypted. There is no setting for its passphrase.
    case encrypted
    /// Neither RSA nor EC, such as Ed25519.
    case wrongKind
    /// EC on another curve than P-256.
    case wrongCurve
    /// RSA with a modulus outside the accepted sizes.
    case wrongLength

    package var description: String {
        switch self {
        case .notAKey: "not a private key in PEM (PKCS #8, PKCS #1 or SEC 1)"
        case .encrypted: "the private key is encrypted; decrypt it with: openssl pkey -in key.pem"
        case .wrongKind: "the private key is neither RSA nor EC"
        case .wrongCurve: "the private key's curve is not P-256"
        case .wrongLength:
            "the private key is RSA of fewer than \(RSAModulus.minBits) or more than \(RSAModulus.maxBits) bits"
        }
    }
}
