package import LatchkeyBroker
package import LatchkeyCore

/// Verifies the JSON Web Tokens of callers.
package struct TokenVerifier: Sendable {
    /// The token's issuer and subject; nil if it does not verify. Called on an event loop, so that it must not wait.
    package let verify: @Sendable (_ token: UnsafeRawBufferPointer, _ now: WallTime) -> VerifiedToken?

    package init(_ verify: @escaping @Sendable (UnsafeRawBufferPointer, WallTime) -> VerifiedToken?) {
        self.verify = verify
    }

    /// Accepts no token.
    package static let none = TokenVerifier { _, _ in nil }

    /// The most bytes in a token. A head has room for it.
    static let maxBytes = 16 << 10

    /// Whether a credential has the form of a token: three parts of base64url between dots (RFC 7515 §7.1).
    package static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= maxBytes, !bytes.starts(with: "lk_".utf8) else { return false }
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
