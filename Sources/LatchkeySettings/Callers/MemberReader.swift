internal import LatchkeyCore

/// Reads the members of one object of the callers file, and collects what is wrong with their positions.
struct MemberReader {
    private let object: JSONValue
    private let document: JSONDocument
    /// The id of the object, for messages; nil before it is known.
    var name: String?
    /// Everything that is wrong. Never contains a key or a digest.
    var problems: [String] = []

    init(_ object: JSONValue, in document: JSONDocument, name: String? = nil) {
        self.object = object
        self.document = document
        self.name = name
    }

    /// Rejects a value that is no object, and members that are not known.
    mutating func checkMembers(_ known: [String]) {
        guard let members = object.members else { return reject("must be an object") }
        for (name, _) in members where !known.contains(where: { $0.hasSameBytes(as: name.string ?? "") }) {
            reject(
                "unknown member \(Self.shown(name.string ?? "")); known are \(known.sorted().joined(separator: " "))",
                at: name)
        }
    }

    /// The line and column of a value, both from 1, counted in bytes.
    private func position(of value: JSONValue) -> String {
        let before = document.bytes[..<value.range.lowerBound]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return "line \(line), column \(before.count - start + 1)"
    }

    /// Where the object is, for messages.
    var place: String { "\(position(of: object))\(name.map { ": \($0)" } ?? "")" }

    mutating func reject(_ problem: String, at value: JSONValue? = nil) {
        problems.append("\(position(of: value ?? object))\(name.map { ": \($0)" } ?? ""): \(problem)")
    }

    // MARK: Members

    var isObject: Bool { object.kind == .object }

    /// The value of a member; nil if it is absent or null.
    func value(_ member: String) -> JSONValue? { object[member].flatMap { $0.isNull ? nil : $0 } }

    /// A member that is a text of 1 to `most` bytes without control characters; nil if it is absent or rejected.
    mutating func text(_ member: String, most: Int = CallersFile.Limits.textBytes) -> String? {
        value(member).flatMap { text($0, of: member, most: most) }
    }

    private mutating func text(_ value: JSONValue, of member: String, most: Int) -> String? {
        guard let text = value.string, (1...most).contains(text.utf8.count),
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            reject("\(member) must be a text of 1 to \(most) bytes without control characters", at: value)
            return nil
        }
        return text
    }

    /// A member that is a list of texts; nil if it is absent.
    ///
    /// - Parameters:
    ///   - most: the most elements.
    ///   - takesOne: whether a text alone is a list of one.
    mutating func texts(_ member: String, most: Int, takesOne: Bool = false) -> [(text: String, value: JSONValue)]? {
        guard let value = value(member) else { return nil }
        if takesOne, value.kind == .string {
            return text(value, of: member, most: CallersFile.Limits.textBytes).map { [($0, value)] } ?? []
        }
        return list(value, of: member, most: most).compactMap { element in
            text(element, of: member, most: CallersFile.Limits.textBytes).map { ($0, element) }
        }
    }

    /// The elements of a list.
    private mutating func list(_ value: JSONValue, of member: String, most: Int) -> [JSONValue] {
        guard let elements = value.elements else {
            reject("\(member) must be a list", at: value)
            return []
        }
        let all = Array(elements)
        guard all.count <= most else {
            reject("\(member) has \(all.count) elements; at most \(most) are allowed", at: value)
            return []
        }
        return all
    }

    /// A member that is a list of objects; empty if it is absent.
    mutating func objects(_ member: String, most: Int) -> [JSONValue] {
        value(member).map { list($0, of: member, most: most) } ?? []
    }

    /// A member that is a whole number or a list of them; nil if it is absent.
    mutating func numbers(_ member: String, in bounds: ClosedRange<Int64>, most: Int) -> [(UInt32, JSONValue)]? {
        guard let value = value(member) else { return nil }
        let values = value.kind == .number ? [value] : list(value, of: member, most: most)
        return values.compactMap { value in
            guard let number = value.integer, bounds.contains(number), let small = UInt32(exactly: number) else {
                reject("\(member) must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)", at: value)
                return nil
            }
            return (small, value)
        }
    }

    /// A member that is one of the cases of `Choice`; nil if it is absent or rejected.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ member: String) -> Choice? {
        guard let value = value(member) else { return nil }
        if let choice = value.string.flatMap({ Choice(rawValue: $0) }) { return choice }
        reject("\(member) must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))", at: value)
        return nil
    }

    /// A member that is an object with some of these members; nil if it is absent.
    func members(_ member: String, known: [String]) -> MemberReader? {
        guard let value = value(member) else { return nil }
        var reader = MemberReader(value, in: document, name: name)
        reader.checkMembers(known)
        return reader
    }

    /// The path after `file:`; nil if the member is absent or rejected.
    mutating func path(_ member: String) -> String? {
        guard let value = value(member) else { return nil }
        if let path = value.string.flatMap({ FileReference.path($0) }) { return path }
        reject("\(member) must be file: and an absolute path, as in file:/run/secrets/x", at: value)
        return nil
    }

    /// A name from the file, unless it is too long or unprintable for a message.
    static func shown(_ name: String) -> String {
        name.utf8.count <= 64 && name.utf8.allSatisfy(ASCII.isVisible) ? name : "with an unprintable name"
    }
}
