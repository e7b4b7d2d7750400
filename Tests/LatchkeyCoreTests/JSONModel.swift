import LatchkeyCore
import LatchkeyTestSupport

/// A random JSON value and a text for it, against which the reader is checked.
indirect enum JSONModel {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONModel])
    case object([(name: String, value: JSONModel)])

    init(_ random: inout SeededGenerator, depth: Int) {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: self = .null
        case 1: self = .bool(.random(using: &random))
        case 2, 3: self = .number(Self.number(&random))
        case 4: self = .string(Self.word(&random))
        case 5:
            self = .array((0..<Int.random(in: 0...4, using: &random)).map { _ in JSONModel(&random, depth: depth - 1) })
        default:
            self = .object(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    (Self.word(&random), JSONModel(&random, depth: depth - 1))
                })
        }
    }

    private static func number(_ random: inout SeededGenerator) -> String {
        func digits(_ max: Int, _ random: inout SeededGenerator) -> String {
            String(
                (0..<Int.random(in: 1...max, using: &random)).map { _ in
                    "0123456789".randomElement(using: &random) ?? "0"
                })
        }
        var text = Bool.random(using: &random) ? "-" : ""
        let whole = digits(25, &random).drop { $0 == "0" }
        text += whole.isEmpty ? "0" : whole
        if Bool.random(using: &random) { text += "." + digits(25, &random) }
        if Bool.random(using: &random) {
            text += ["e", "E", "e+", "E-"].randomElement(using: &random) ?? "e"
            text += digits(4, &random)
        }
        return text
    }

    private static func word(_ random: inout SeededGenerator) -> String {
        let characters: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "/", "\u{0}", "\n", "\u{1F}", "\u{7F}", "\u{E9}", "e", "\u{301}", "\u{327}",
            "\u{FFFF}",
            "\u{1F600}", "\u{10FFFF}", "\u{D7FF}", "\u{E000}", ".", "~", "0",
        ]
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            scalars.append(characters.randomElement(using: &random) ?? "a")
        }
        return String(scalars)
    }

    // MARK: Writing

    /// A text of the value with random white space and escapes.
    func text(_ random: inout SeededGenerator) -> String {
        let space = { (random: inout SeededGenerator) in
            ["", "", "", " ", "\n", "\t\r"].randomElement(using: &random) ?? ""
        }
        let text: String
        switch self {
        case .null: text = "null"
        case .bool(let value): text = "\(value)"
        case .number(let number): text = number
        case .string(let word): text = Self.quoted(word, &random)
        case .array(let values):
            text = "[" + values.map { $0.text(&random) }.joined(separator: ",") + space(&random) + "]"
        case .object(let members):
            text =
                "{"
                + members.map { name, value in
                    space(&random) + Self.quoted(name, &random) + space(&random) + ":" + value.text(&random)
                }.joined(separator: ",") + space(&random) + "}"
        }
        return space(&random) + text + space(&random)
    }

    private static func quoted(_ word: String, _ random: inout SeededGenerator) -> String {
        var text = "\""
        for scalar in word.unicodeScalars {
            if scalar == "\"" || scalar == "\\" || scalar.value < 0x20 || Int.random(in: 0..<4, using: &random) == 0 {
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16, uppercase: .random(using: &random))
                    text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    // MARK: Comparing

    /// Whether `value` is this value, with the same texts, order and duplicates.
    func matches(_ value: JSONValue) -> Bool {
        switch self {
        case .null: value.isNull
        case .bool(let flag): value.bool == flag
        case .number(let text): value.number?.text == text
        case .string(let word): value.string.map { $0.hasSameBytes(as: word) } ?? false
        case .array(let values):
            value.elements.map { read in
                let read = Array(read)
                return read.count == values.count && zip(values, read).allSatisfy { $0.matches($1) }
            } ?? false
        case .object(let members):
            value.members.map { read in
                let read = Array(read)
                return read.count == members.count
                    && zip(members, read).allSatisfy { member, found in
                        found.name.string?.hasSameBytes(as: member.name) == true && member.value.matches(found.value)
                    } && members.allSatisfy { name, _ in last(name, of: members)?.matches(orNil: value[name]) ?? false }
            } ?? false
        }
    }

    private func matches(orNil value: JSONValue?) -> Bool { value.map { matches($0) } ?? false }

    private func last(_ name: String, of members: [(name: String, value: JSONModel)]) -> JSONModel? {
        members.last { Array($0.name.utf8) == Array(name.utf8) }?.value
    }
}
