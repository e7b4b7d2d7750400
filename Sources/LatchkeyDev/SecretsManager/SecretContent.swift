internal import LatchkeyCrypto

/// The content of a secret version: text or bytes, never both.
enum SecretContent: Equatable {
    case text(Secret)
    case binary(Secret)
}
