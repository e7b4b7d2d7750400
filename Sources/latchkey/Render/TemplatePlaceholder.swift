internal import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyCrypto

/// One placeholder of a template.
package struct TemplatePlaceholder: Hashable, Sendable {
    /// How the value is written.
    package enum Filter: String, Sendable, CaseIterable {
        /// A JSON string with its quotes.
        case json
        /// The standard alphabet with padding (RFC 4648 §4).
        case base64
    }

    package let source: TemplateSource
    /// The member of a JSON value, as in ``FieldPath``; nil for the whole value.
    package let field: String?
    /// Nil for the bytes as they are.
    package let filter: Filter?
    /// Where it begins.
    package let place: TextPlace

    package init(source: TemplateSource, field: String? = nil, filter: Filter? = nil, place: TextPlace) {
        self.source = source
        self.field = field
        self.filter = filter
        self.place = place
    }

    /// The bytes that stand in the file in its place.
    ///
    /// - Parameter value: the value of ``source``.
    package func rendered(_ value: Secret) throws(TemplateError) -> [UInt8] {
        let bytes = try part(of: value)
        switch filter {
        case nil: return bytes
        case .base64: return Array(Base64.encode(bytes).utf8)
        case .json:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw TemplateError("\(source) is not UTF-8 text: use | base64", at: place)
            }
            var writer = JSONWriter()
            writer.write(string: text)
            return writer.bytes
        }
    }

    /// The whole value, or its field: the content of a string, or the JSON text of anything else.
    private func part(of value: Secret) throws(TemplateError) -> [UInt8] {
        guard let field else { return value.reveal() }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(value.reveal(), limits: .document)
        } catch {
            throw TemplateError("\(source) has no fields, because it is not JSON", at: place)
        }
        guard let member = FieldPath(field).find(in: document.root) else {
            throw TemplateError("\(source) has no field \(Table.clean(field))", at: place)
        }
        guard member.kind == .string else { return Array(member.source) }
        guard let text = member.stringBytes else {
            throw TemplateError("the field \(Table.clean(field)) of \(source) is not UTF-8 text", at: place)
        }
        return text
    }
}
