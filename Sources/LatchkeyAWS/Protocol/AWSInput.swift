package import LatchkeyCore

/// The input of an AWS JSON request. Its members are read with the types and constraints of the service model, and
/// errors have AWS's texts.
package struct AWSInput {
    private let members: JSONObject

    package init(_ members: JSONObject) { self.members = members }

    /// - Throws: `SerializationException` if the body is not a JSON object, as AWS does.
    package init(_ body: [UInt8]) throws(AWSProtocolError) {
        guard let members = (try? JSON(parsing: body, limits: .request))?.object else {
            throw AWSProtocolError("SerializationException")
        }
        self.members = members
    }

    /// A string; nil if the member is absent.
    package func string(_ name: String) throws(AWSProtocolError) -> String? {
        switch members[name] {
        case nil, .null: nil
        case .string(let text): text
        case let other?: throw Self.mismatch(other, "String")
        }
    }

    /// A required string of at least `length` characters.
    package func required(_ name: String, atLeast length: Int = 1) throws(AWSProtocolError) -> String {
        let member = Self.lowerCamel(name)
        guard let text = try string(name) else { throw .constraint(member, value: "null", "not be null") }
        guard text.count >= length else {
            throw .constraint(member, value: text, "have length greater than or equal to \(length)")
        }
        return text
    }

    /// A Boolean; false if the member is absent.
    package func flag(_ name: String) throws(AWSProtocolError) -> Bool {
        switch members[name] {
        case nil, .null: false
        case .bool(let flag): flag
        case let other?: throw Self.mismatch(other, "Boolean")
        }
    }

    /// An integer within bounds; nil if the member is absent.
    package func number(_ name: String, in bounds: ClosedRange<Int64>) throws(AWSProtocolError) -> Int64? {
        switch members[name] {
        case nil, .null: return nil
        case let value?:
            guard let number = value.integer else { throw Self.mismatch(value, "Integer") }
            let member = Self.lowerCamel(name)
            guard number >= bounds.lowerBound else {
                throw .constraint(
                    member, value: "\(number)", "have value greater than or equal to \(bounds.lowerBound)")
            }
            guard number <= bounds.upperBound else {
                throw .constraint(member, value: "\(number)", "have value less than or equal to \(bounds.upperBound)")
            }
            return number
        }
    }

    /// A list of 1 to `max` strings; nil if the member is absent.
    package func strings(_ name: String, atMost max: Int) throws(AWSProtocolError) -> [String]? {
        guard let values = try list(name) else { return nil }
        var texts: [String] = []
        for value in values {
            guard let text = value.string else { throw Self.mismatch(value, "String") }
            texts.append(text)
        }
        let shown = "[\(texts.joined(separator: ", "))]"
        guard !texts.isEmpty else {
            throw .constraint(Self.lowerCamel(name), value: shown, "have length greater than or equal to 1")
        }
        guard texts.count <= max else {
            throw .constraint(Self.lowerCamel(name), value: shown, "have length less than or equal to \(max)")
        }
        return texts
    }

    /// A list of structures; empty if the member is absent.
    package func structures(_ name: String) throws(AWSProtocolError) -> [JSON] {
        let values = try list(name) ?? []
        for value in values where value.object == nil { throw Self.mismatch(value, "Structure") }
        return values
    }

    /// The member `Tags`, a list of `{"Key", "Value"}`.
    package func tags() throws(AWSProtocolError) -> [(key: String, value: String)] {
        try structures("Tags").map { tag throws(AWSProtocolError) in
            guard let key = tag["Key"]?.string, (1...128).contains(key.count) else {
                throw .constraint("tags.1.member.key", "have length between 1 and 128")
            }
            return (key, tag["Value"]?.string ?? "")
        }
    }

    private func list(_ name: String) throws(AWSProtocolError) -> [JSON]? {
        switch members[name] {
        case nil, .null: nil
        case .array(let values): values
        case let other?: throw Self.mismatch(other, "List")
        }
    }

    /// AWS's error for a member of the wrong type.
    private static func mismatch(_ value: JSON, _ expected: String) -> AWSProtocolError {
        let kind =
            switch value {
            case .null: "NULL_VALUE"
            case .bool(true): "TRUE_VALUE"
            case .bool(false): "FALSE_VALUE"
            case .integer, .number: "NUMBER_VALUE"
            case .string: "STRING_VALUE"
            case .array: "START_ARRAY"
            case .object: "START_OBJECT"
            }
        return AWSProtocolError(
            "SerializationException", "\(kind) can not be converted to a\(expected == "Integer" ? "n" : "") \(expected)"
        )
    }

    /// AWS's validation errors write the names of members with a lower-case first letter.
    private static func lowerCamel(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }
}
