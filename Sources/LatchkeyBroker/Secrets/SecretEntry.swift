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

    /// A part of a JSON value, found as ``FieldPath`` says. A string comes bare, anything else as the text that stands
    /// in the value. Nil when the value is not JSON or has no such part. The value is parsed once.
    /// - Throws: `invalid` for a part that has no UTF-8 form, and for a value past ``JSONLimits/document``.
    package func field(_ path: String) throws(UpstreamFault) -> Secret? {
        guard !isBinary else { return nil }
        do throws(JSONError) {
            guard let part = FieldPath(path).find(in: try parsed.document(of: { value.reveal() }).root) else {
                return nil
            }
            return try Self.text(part).get()
        } catch  where error.isLimit || error.reason == .unpairedSurrogate {
            let whose = key == SecretKey.blob.name ? "secrets" : "value"
            throw UpstreamFault(.invalid, upstream: source.upstream, code: "\(whose)_\(error.code)", subject: key)
        } catch {
            return nil
        }
    }

    /// A string bare, anything else as its own text. A string without a UTF-8 form is an error.
    static func text(_ value: JSONValue) -> Result<Secret, JSONError> {
        guard value.kind == .string else { return .success(Secret(Array(value.source))) }
        guard let text = value.stringBytes else {
            return .failure(JSONError(.unpairedSurrogate, at: value.unpairedSurrogate ?? value.range.lowerBound))
        }
        return .success(Secret(text))
    }
}
