/// Reads one JSON text (RFC 8259) in a single pass, without recursion and in time linear in its bytes.
struct JSONReader {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position: Int
    /// Indices of the arrays and objects that have not ended, the innermost last.
    private var openContainers: [Int] = []
    private(set) var nodes: [JSONNode] = []

    /// What the grammar allows next.
    private enum Step {
        case value
        /// After `[`: a value or the end of the array.
        case firstValue
        case name
        /// After `{`: a name or the end of the object.
        case firstName
        /// After a value: a comma or the end of the array, object or text.
        case afterValue
    }

    /// - Parameter bytes: UTF-8. A byte order mark at the start is skipped, as RFC 8259 §8.1 allows.
    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Reads the whole text. Then ``nodes`` holds its values, the outermost first.
    mutating func read() throws(JSONError) {
        guard bytes.count < Int(UInt32.max) else { throw JSONError(.tooLong, at: Int(UInt32.max)) }
        var step = Step.value
        repeat {
            skipWhiteSpace()
            switch step {
            case .value: step = try value()
            case .firstValue: step = next == UInt8(ascii: "]") ? close() : try value()
            case .name: step = try name()
            case .firstName: step = next == UInt8(ascii: "}") ? close() : try name()
            case .afterValue: step = try separator()
            }
        } while step != .afterValue || !openContainers.isEmpty
        skipWhiteSpace()
        guard position == bytes.count else { throw JSONError(.unexpectedByte, at: position) }
    }

    // MARK: Structure

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The error for the present byte, or for the end of the text.
    private func unexpected() -> JSONError {
        JSONError(position < bytes.count ? .unexpectedByte : .unexpectedEnd, at: position)
    }

    /// White space between tokens (RFC 8259 §2).
    @inline(__always)
    static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private mutating func skipWhiteSpace() {
        while let byte = next, Self.isWhiteSpace(byte) { position += 1 }
    }

    private mutating func add(_ kind: JSONNode.Kind, from start: Int) throws(JSONError) {
        guard nodes.count < limits.values else { throw JSONError(.tooManyValues, at: start) }
        let index = UInt32(truncatingIfNeeded: nodes.count)
        nodes.append(
            JSONNode(
                kind: kind, start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: position),
                next: index &+ 1))
    }

    private mutating func value() throws(JSONError) -> Step {
        let start = position
        switch next {
        case UInt8(ascii: "{"): return try open(.object)
        case UInt8(ascii: "["): return try open(.array)
        case UInt8(ascii: "\""): try string(.string)
        case UInt8(ascii: "t"): try literal("true", .trueLiteral)
        case UInt8(ascii: "f"): try literal("false", .falseLiteral)
        case UInt8(ascii: "n"): try literal("null", .null)
        default:
            try number()
            try add(.number, from: start)
        }
        return .afterValue
    }

    private mutating func open(_ kind: JSONNode.Kind) throws(JSONError) -> Step {
        guard openContainers.count < limits.depth else { throw JSONError(.tooDeep, at: position) }
        openContainers.append(nodes.count)
        position += 1
        try add(kind, from: position - 1)
        return kind == .object ? .firstName : .firstValue
    }

    /// Reads the bracket that ends the innermost array or object.
    private mutating func close() -> Step {
        position += 1
        guard let index = openContainers.popLast() else { return .afterValue }
        nodes[index].end = UInt32(truncatingIfNeeded: position)
        nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
        return .afterValue
    }

    /// Reads the comma or bracket after a value inside an array or object.
    private mutating func separator() throws(JSONError) -> Step {
        guard let index = openContainers.last else { return .afterValue }
        let isObject = nodes[index].kind == .object
        switch next {
        case UInt8(ascii: ","):
            position += 1
            return isObject ? .name : .value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: return close()
        default: throw unexpected()
        }
    }

    private mutating func name() throws(JSONError) -> Step {
        guard next == UInt8(ascii: "\"") else { throw unexpected() }
        try string(.name)
        skipWhiteSpace()
        guard next == UInt8(ascii: ":") else { throw unexpected() }
        position += 1
        return .value
    }

    // MARK: Scalars

    private mutating func literal(_ literal: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
        let start = position
        for index in 0..<literal.utf8CodeUnitCount {
            guard next == literal.utf8Start[index] else { throw unexpected() }
            position += 1
        }
        try add(kind, from: start)
    }

    /// RFC 8259 §6: no leading zero, digits on both sides of the point.
    private mutating func number() throws(JSONError) {
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(JSONError) {
        guard let digit = next, ASCII.isDigit(digit) else { throw unexpected() }
        while let digit = next, ASCII.isDigit(digit) { position += 1 }
    }

    /// RFC 8259 §7: UTF-8 without control characters, with the escapes of the grammar.
    private mutating func string(_ kind: JSONNode.Kind) throws(JSONError) {
        let start = position
        position += 1
        var (hasEscapes, isUnpaired) = (false, false)
        while let byte = next, byte != UInt8(ascii: "\"") {
            switch byte {
            case UInt8(ascii: "\\"):
                hasEscapes = true
                if try escape() == .unpairedSurrogate { isUnpaired = true }
            case 0x20..<0x80: position += 1
            case 0x80...0xFF: try scalar(byte)
            default: throw unexpected()
            }
        }
        guard position < bytes.count else { throw unexpected() }
        position += 1
        try add(kind, from: start)
        nodes[nodes.count - 1].hasEscapes = hasEscapes
        nodes[nodes.count - 1].isUnpaired = isUnpaired
    }

    private enum Escape { case character, unpairedSurrogate }

    /// Reads one escape, or the two of a surrogate pair.
    private mutating func escape() throws(JSONError) -> Escape {
        position += 1
        guard let letter = next else { throw unexpected() }
        guard letter == UInt8(ascii: "u") else {
            guard JSONEscape.byte(for: letter) != nil else { throw unexpected() }
            position += 1
            return .character
        }
        position += 1
        for _ in 0..<4 {
            guard let digit = next, Hex.value(digit) != nil else { throw unexpected() }
            position += 1
        }
        let unit = JSONEscape.unit(bytes, at: position - 4)
        guard JSONEscape.isSurrogate(unit) else { return .character }
        guard JSONEscape.isHighSurrogate(unit), position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u"),
            bytes[(position + 2)..<(position + 6)].allSatisfy({ Hex.value($0) != nil }),
            JSONEscape.isLowSurrogate(JSONEscape.unit(bytes, at: position + 2))
        else { return .unpairedSurrogate }
        position += 6
        return .character
    }

    /// Reads one character of two to four bytes (The Unicode Standard, table 3-7).
    private mutating func scalar(_ first: UInt8) throws(JSONError) {
        let (second, count): (ClosedRange<UInt8>, Int)
        switch first {
        case 0xC2...0xDF: (second, count) = (0x80...0xBF, 2)
        case 0xE0: (second, count) = (0xA0...0xBF, 3)
        case 0xED: (second, count) = (0x80...0x9F, 3)
        case 0xE1...0xEF: (second, count) = (0x80...0xBF, 3)
        case 0xF0: (second, count) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, count) = (0x80...0xBF, 4)
        case 0xF4: (second, count) = (0x80...0x8F, 4)
        default: throw JSONError(.invalidUTF8, at: position)
        }
        for index in 1..<count {
            guard position + index < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
            guard (index == 1 ? second : 0x80...0xBF).contains(bytes[position + index]) else {
                throw JSONError(.invalidUTF8, at: position)
            }
        }
        position += count
    }
}
