package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// One secret in memory: a parameter, or one field of the blob. One object a version, so that an endpoint may keep
/// what it rendered for it.
package final class SecretEntry: Sendable {
    package let key: String
    package let value: Secret
    package let isBinary: Bool
    package let version: String
    /// The store it came from.
    package let source: Tier
    /// What else its store said of it, in the store's own words; without the value.
    package let attributes: JSON
    /// A strong entity tag (RFC 9110 §8.8.3), quotes included: a keyed digest of version and value. The key is made
    /// anew by each process, so nobody can test guesses of the value against the tag.
    package let etag: String
    private let parsed: ParsedText

    init(
        key: String, value: Secret, isBinary: Bool, version: String, source: Tier, attributes: JSON, tagKey: Secret,
        parsing budget: ParsedText.Budget
    ) {
        parsed = ParsedText(budget)
        self.key = key
        self.value = value
        self.isBinary = isBinary
        self.version = version
        self.source = source
        self.attributes = attributes
        let digest = value.withBytes { SHA256.hash($0) }
        let message = Array(version.utf8) + [0] + digest.bytes
        let tag = tagKey.withBytes { key in
            message.withUnsafeBytes { HMACSHA256.authenticate($0, key: key) }
        }
        etag = "\"\(tag.hex.prefix(32))\""
    }

    /// A part of a JSON value: `a.b` is member `b` of member `a`, and a number picks from an array. A string comes
    /// bare, anything else as JSON text. Nil when the value is no JSON or has no such part. The value is parsed once.
    package func field(_ path: String) -> Secret? {
        guard !isBinary, var part = parsed.json(of: { value.reveal() }) else { return nil }
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            if let member = part[String(name)] {
                part = member
            } else if let values = part.array, let index = Int(name), values.indices.contains(index) {
                part = values[index]
            } else {
                return nil
            }
        }
        return Self.text(part)
    }

    /// A string bare, anything else as JSON text.
    static func text(_ json: JSON) -> Secret {
        if let string = json.string { Secret(string) } else { Secret(json.bytes()) }
    }
}
