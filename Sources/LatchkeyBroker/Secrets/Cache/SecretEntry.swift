package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// A cached secret: a parameter, or one field of the blob.
///
/// A class with one object per version, so that endpoints can cache what they rendered for it.
package final class SecretEntry: Sendable {
    package let key: String
    package let value: Secret
    package let isBinary: Bool
    package let version: String
    /// The store that it was read from.
    package let source: Tier
    /// The metadata that the store returned, without the value.
    package let attributes: JSON
    /// A strong entity tag (RFC 9110 §8.8.3) with quotes: a keyed digest of version and value.
    ///
    /// Each process has its own key, so that nobody can test guesses of the value against the tag.
    package let etag: String
    private let parsed: ParsedText
    private let rendering: ParsedText.Budget
    private let rendered = LazyReference<SecretForm>()
    private let json = LazyReference<SecretBody>()

    /// - Parameters:
    ///   - parsing: limits the text that is kept parsed, of all entries.
    ///   - rendering: limits what is kept as JSON.
    init(
        key: String, value: Secret, isBinary: Bool, version: String, source: Tier, attributes: JSON, tagKey: Secret,
        parsing: ParsedText.Budget, rendering: ParsedText.Budget
    ) {
        parsed = ParsedText(parsing)
        self.rendering = rendering
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

    /// What was rendered of the entry without its value.
    ///
    /// - Parameter render: called if nothing was. Two threads may call it at once; both get the form that was first.
    package func form(_ render: () -> SecretForm) -> SecretForm { rendered.get(render) }

    /// The entry as JSON; nil if it is too much to keep.
    ///
    /// - Parameter render: called if it is not kept yet, likewise.
    package func body(_ render: () -> [UInt8]) -> SecretBody? {
        if let body = json.current { return body }
        let bytes = render()
        guard rendering.take(bytes.count) else { return nil }
        // Of two threads, that of the later one is released, and gives its bytes back.
        let body = SecretBody(bytes, rendering)
        return json.get { body }
    }

    /// The member of a JSON value that ``FieldPath`` finds: the content of a string, or the JSON text of anything else.
    ///
    /// The value is parsed once.
    ///
    /// - Returns: nil if the value is not JSON or has no such member.
    /// - Throws: `invalid` for a string without a UTF-8 form, and for a value beyond ``JSONLimits/document``.
    package func field(_ path: String) throws(UpstreamFault) -> Secret? {
        guard !isBinary else { return nil }
        do throws(JSONError) {
            guard let part = FieldPath(path).find(in: try parsed.document(of: { value.reveal() }).root) else {
                return nil
            }
            return try Self.text(part).get()
        } catch  where error.isLimit || error.reason == .unpairedSurrogate {
            let prefix = key == SecretKey.blob.name ? "secrets" : "value"
            throw UpstreamFault(.invalid, upstream: source.upstream, code: "\(prefix)_\(error.code)", subject: key)
        } catch {
            return nil
        }
    }

    /// The content of a string, or the JSON text of anything else. A string without a UTF-8 form is an error.
    static func text(_ value: JSONValue) -> Result<Secret, JSONError> {
        guard value.kind == .string else { return .success(Secret(Array(value.source))) }
        guard let text = value.stringBytes else {
            return .failure(JSONError(.unpairedSurrogate, at: value.unpairedSurrogate ?? value.range.lowerBound))
        }
        return .success(Secret(text))
    }
}
