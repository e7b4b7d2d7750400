package import LatchkeyCrypto

/// What a secret of Secrets Manager holds: exactly one of the two (GetSecretValue, `SecretString` and `SecretBinary`).
package enum StoredValue: Sendable {
    case text(Secret)
    case binary(Secret)

    /// The bytes, whichever kind they are.
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

/// A tag of either store: a key of up to 128 characters and a value of up to 256 (both stores' API reference, `Tag`).
package struct ResourceTag: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Keys that begin so are AWS's own; nobody else can set them.
    package var isReserved: Bool { key.lowercased().hasPrefix("aws:") }
}
