package import LatchkeyBroker
internal import LatchkeyCore

/// The issuers of the JSON Web Tokens that callers may present.
package struct TokenIssuers: Sendable {
    let keySets: LiveKeySets
    /// Reads the key set of an issuer again, because a token names a key that it lacks; false if it was not read, because
    /// that was tried a short time ago.
    let readAgain: @Sendable (JWTIssuer) async -> Bool

    package init(_ keySets: LiveKeySets, readAgain: @escaping @Sendable (JWTIssuer) async -> Bool) {
        self.keySets = keySets
        self.readAgain = readAgain
    }

    /// Without an issuer, no token is accepted.
    package static let none = TokenIssuers(LiveKeySets()) { _ in false }

    /// Whether a credential has the form of a token: three parts of base64url between dots (RFC 7515 §7.1).
    package static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.starts(with: "lk_".utf8) else { return false }
        var (dots, length) = (0, 0)
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard length > 0 else { return false }
                (dots, length) = (dots + 1, 0)
            } else if ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
                length += 1
            } else {
                return false
            }
        }
        return dots == 2 && length > 0
    }
}
