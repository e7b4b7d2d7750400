/// A JSON value (RFC 8259), for building responses and requests.
///
/// ``JSONDocument`` reads text from outside. This type is a full copy of what was read, for code that does not need the
/// source text. Strings and names are compared as bytes. Numbers keep their text.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    /// An integer within 64 bits that was written in its shortest form.
    case integer(Int64)
    /// Every other number.
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// Reads a whole JSON text.
    ///
    /// - Throws: also for a string or name that has no UTF-8 form.
    package init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .document) throws(JSONError) {
        try self.init(JSONDocument(bytes, limits: limits).root)
    }

    /// A copy of a value that was read. Recurses as deep as the value, which the reader's limits bound.
    ///
    /// - Throws: ``JSONError/Reason/unpairedSurrogate``.
    package init(_ value: JSONValue) throws(JSONError) {
        switch value.kind {
        case .null: self = .null
        case .bool: self = .bool(value.bool == true)
        case .number:
            let number = value.number ?? JSONNumber(0)
            if let integer = Int64(number.text), number.text == "\(integer)" {
                self = .integer(integer)
            } else {
                self = .number(number)
            }
        case .string: self = .string(try Self.text(value))
        case .array:
            var values: [JSON] = []
            if let elements = value.elements {
                for element in elements { values.append(try JSON(element)) }
            }
            self = .array(values)
        case .object:
            var members: [(String, JSON)] = []
            if let read = value.members {
                for (name, value) in read { members.append((try Self.text(name), try JSON(value))) }
            }
            self = .object(JSONObject(members))
        }
    }

    private static func text(_ value: JSONValue) throws(JSONError) -> String {
        guard let text = value.string else {
            throw JSONError(.unpairedSurrogate, at: value.unpairedSurrogate ?? value.range.lowerBound)
        }
        return text
    }

    /// A number; null for an infinity or NaN, which JSON does not have.
    package static func number(_ value: Double) -> JSON { JSONNumber(value).map { .number($0) } ?? .null }

    /// The text in UTF-8 on one line, slashes not escaped. Names are in the order of their bytes, so that equal values
    /// have equal bytes.
    package func bytes() -> [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// ``bytes()`` as a string.
    package var text: String { String(decoding: bytes(), as: UTF8.self) }
}

extension JSON: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combine(ExactText(value))
        case .array(let values): hasher.combine(values)
        case .object(let members): hasher.combine(members)
        }
    }
}

// MARK: - Reading

extension JSON {
    /// A member of an object; nil if it is absent or the value is not an object.
    package subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The exact integer if it is within 64 bits, also if it was written as `3.0` or `1.7E9`.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): value.integer
        default: nil
        }
    }

    /// The nearest double; nil if it would be infinite.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value.double
        default: nil
        }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let members) = self { members } else { nil }
    }
}

// MARK: - Literals

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(nilLiteral: ()) { self = .null }
    package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
}
