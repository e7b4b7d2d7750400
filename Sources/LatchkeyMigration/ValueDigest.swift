package import LatchkeyCrypto

/// Digests that only the holder of a key can compare: HMAC-SHA-256 over a name and a value.
///
/// A plain hash of a short secret is found by trying guesses; without the key nobody can. The name goes in, so that two
/// secrets with the same value do not show it.
package struct DigestKey: Sendable {
    /// Bytes of a key.
    package static let length = 32

    private let key: Secret

    /// A key given as bytes; nil where there are not ``length`` of them.
    package init?(_ key: Secret) {
        guard key.count == Self.length else { return nil }
        self.key = key
    }

    private init(random bytes: [UInt8]) { key = Secret(bytes) }

    /// A new key.
    package static func random() -> DigestKey { DigestKey(random: Random.bytes(length)) }

    /// The key's bytes, to be kept where the digests are not.
    package var secret: Secret { key }

    /// The digest of what a secret of this name holds.
    package func digest(_ name: String, _ value: Secret) -> Digest {
        // The name ends at the first zero byte: no store takes one in a name.
        let message = Secret(Array(name.utf8) + [0] + value.reveal())
        return message.withBytes { message in key.withBytes { HMACSHA256.authenticate(message, key: $0) } }
    }

    /// Tells one key from another without telling anything of it: the digest of no value under no name.
    package var mark: String { String(digest("", Secret("")).hex.prefix(16)) }
}
