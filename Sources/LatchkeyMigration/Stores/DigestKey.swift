package import LatchkeyCrypto

/// The key of the digests in journals and manifests: HMAC-SHA-256 over a secret's name and value.
///
/// A plain hash of a short secret can be guessed offline; a keyed digest cannot without the key. The digest covers the
/// name, so equal values of two secrets have different digests.
package struct DigestKey: Sendable {
    /// Bytes in a key.
    package static let length = 32

    private let key: Secret

    /// Returns nil unless there are exactly ``length`` bytes.
    package init?(_ key: Secret) {
        guard key.count == Self.length else { return nil }
        self.key = key
    }

    private init(random bytes: [UInt8]) { key = Secret(bytes) }

    /// A new random key.
    package static func random() -> DigestKey { DigestKey(random: Random.bytes(length)) }

    /// The bytes of the key. Store them apart from the digests.
    package var secret: Secret { key }

    /// The digest of `value`, the value of the secret called `name`.
    package func digest(_ name: String, _ value: Secret) -> Digest {
        // A zero byte ends the name: neither store allows one in a name.
        let message = Secret(Array(name.utf8) + [0] + value.reveal())
        return message.withBytes { message in key.withBytes { HMACSHA256.authenticate(message, key: $0) } }
    }

    /// Identifies the key without revealing it: part of the digest of an empty value with an empty name.
    package var mark: String { String(digest("", Secret("")).hex.prefix(16)) }
}
