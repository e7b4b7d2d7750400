/// A second JSON reader, to compare with Latchkey's. It is recursive like the grammar of RFC 8259, and reads characters
/// instead of bytes. Its only limit is the depth that its stack allows.
struct PlainJSONReader {
    /// A token of a text.
    enum Token: Equatable {
        case null
        case bool(Bool)
        /// The number as it is written.
        case number(String)
        /// UTF-16, which can represent an unpaired surrogate.
        case string([UInt16])
        case name([UInt16])
        case beginArray, endArray, beginObject, endObject
    }

    /// The result of reading a text.
    enum Outcome: Equatable {
        case tokens([Token], depth: Int)
        case notUTF8
        case notJSON
        /// The nesting is deeper than ``maxDepth``.
        case unknown
    }

    private enum Stop: Error { case notJSON, tooDeep }

    static let maxDepth = 200

    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var tokens: [Token] = []
    private var depth = 0
    private var maxSeenDepth = 0

    static func read(_ bytes: [UInt8]) -> Outcome {
        guard let text = String(validating: bytes, as: UTF8.self) else { return .notUTF8 }
        var reader = PlainJSONReader(Array(text.unicodeScalars))
        do throws(Stop) {
            try reader.text()
        } catch {
            return error == .tooDeep ? .unknown : .notJSON
        }
        return .tokens(reader.tokens, depth: reader.maxSeenDepth)
    }

    private init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
        if scalars.first == "\u{FEFF}" { place = 1 }
    }

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        place += 1
        return true
    }

    private mutating func want(_ text: String) throws(Stop) {
        for scalar in text.unicodeScalars where !skip(scalar) { throw .notJSON }
    }

    private mutating func blanks() { while skip(" ") || skip("\n") || skip("\r") || skip("\t") {} }

    private mutating func text() throws(Stop) {
        try value()
        if place != scalars.count { throw .notJSON }
    }

    /// Reads a value and the white space around it.
    private mutating func value() throws(Stop) {
        blanks()
        switch next {
        case "{": try object()
        case "[": try array()
        case "\"": tokens.append(.string(try string()))
        case "t":
            try want("true")
            tokens.append(.bool(true))
        case "f":
            try want("false")
            tokens.append(.bool(false))
        case "n":
            try want("null")
            tokens.append(.null)
        default: tokens.append(.number(try number()))
        }
        blanks()
    }

    private mutating func enter() throws(Stop) {
        depth += 1
        maxSeenDepth = max(maxSeenDepth, depth)
        if depth > Self.maxDepth { throw .tooDeep }
    }

    private mutating func object() throws(Stop) {
        try enter()
        try want("{")
        tokens.append(.beginObject)
        blanks()
        if next != "}" {
            repeat {
                blanks()
                tokens.append(.name(try string()))
                blanks()
                try want(":")
                try value()
            } while skip(",")
        }
        try want("}")
        tokens.append(.endObject)
        depth -= 1
    }

    private mutating func array() throws(Stop) {
        try enter()
        try want("[")
        tokens.append(.beginArray)
        blanks()
        if next != "]" {
            repeat { try value() } while skip(",")
        }
        try want("]")
        tokens.append(.endArray)
        depth -= 1
    }

    private mutating func number() throws(Stop) -> String {
        let start = place
        _ = skip("-")
        if !skip("0") { try digits() }
        if skip(".") { try digits() }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            try digits()
        }
        return scalars[start..<place].map { String($0) }.joined()
    }

    private mutating func digits() throws(Stop) {
        let start = place
        while let scalar = next, ("0"..."9").contains(scalar) { place += 1 }
        if place == start { throw .notJSON }
    }

    private mutating func string() throws(Stop) -> [UInt16] {
        try want("\"")
        var units: [UInt16] = []
        while let scalar = next, scalar != "\"" {
            place += 1
            if scalar.value < 0x20 { throw .notJSON }
            units += scalar == "\\" ? [try escape()] : Array(String(scalar).utf16)
        }
        try want("\"")
        return units
    }

    private static let escapes: [Unicode.Scalar: UInt16] = [
        "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
    ]

    private mutating func escape() throws(Stop) -> UInt16 {
        guard let letter = next else { throw .notJSON }
        place += 1
        if let unit = Self.escapes[letter] { return unit }
        guard letter == "u", place + 4 <= scalars.count else { throw .notJSON }
        let digits = scalars[place..<(place + 4)].map { String($0) }.joined()
        // The initializer would accept a sign.
        guard digits.utf8.count == 4, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
            let unit = UInt16(digits, radix: 16)
        else { throw .notJSON }
        place += 4
        return unit
    }
}
