package import LatchkeyCrypto

/// The content of a secret version: text or bytes, never both (GetSecretValue, `SecretString` and `SecretBinary`).
package enum StoredValue: Sendable {
    case text(Secret)
    case binary(Secret)

    /// The bytes of either kind.
    package var secret: Secret {
        switch self {
        case .text(let secret), .binary(let secret): secret
        }
    }

    package var isBinary: Bool {
        switch self {
        case .text: false
        case .binary: true
        }
    }
}
