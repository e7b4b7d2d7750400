/// Reads one JSON text (RFC 8259) in a single pass: no recursion, and work linear in the bytes.
struct JSONReader {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var place: Int
    /// Indices of the arrays and objects that are open.
    private var open: [Int] = []
    private(set) var nodes: [JSONNode] = []

    /// What may come next.
    private enum Step {
        /// A value must come.
        case value
        /// Behind `[`: a value, or the end.
        case firstValue
        /// A name must come.
        case name
        /// Behind `{`: a name, or the end.
        case firstName
        /// A value has ended.
        case behind
    }

    /// - Parameter bytes: UTF-8. A byte order mark at the start is passed over (RFC 8259 §8.1 allows that).
    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Reads the whole text. Afterwards ``nodes`` holds its values, the outermost first.
    mutating func read() throws(JSONError) {
        guard bytes.count < Int(UInt32.max) else { throw JSONError(.tooLong, at: Int(UInt32.max)) }
        var step = Step.value
        repeat {
            space()
            switch step {
            case .value: step = try value()
            case .firstValue: step = next == UInt8(ascii: "]") ? close() : try value()
            case .name: step = try name()
            case .firstName: step = next == UInt8(ascii: "}") ? close() : try name()
            case .behind: step = try separator()
            }
        } while step != .behind || !open.isEmpty
        space()
        guard place == bytes.count else { throw JSONError(.unexpectedByte, at: place) }
    }

    // MARK: Structure

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    /// The byte at hand cannot be, or there is none.
    private func unexpected() -> JSONError {
        JSONError(place < bytes.count ? .unexpectedByte : .unexpectedEnd, at: place)
    }

    private mutating func space() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func add(_ kind: JSONNode.Kind, from start: Int) throws(JSONError) {
        guard nodes.count < limits.values else { throw JSONError(.tooManyValues, at: start) }
        let index = UInt32(truncatingIfNeeded: nodes.count)
        nodes.append(
            JSONNode(
                kind: kind, start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: place),
                next: index &+ 1))
    }

    private mutating func value() throws(JSONError) -> Step {
        let start = place
        switch next {
        case UInt8(ascii: "{"): return try begin(.object)
        case UInt8(ascii: "["): return try begin(.array)
        case UInt8(ascii: "\""): try string(.string)
        case UInt8(ascii: "t"): try word("true", .yes)
        case UInt8(ascii: "f"): try word("false", .no)
        case UInt8(ascii: "n"): try word("null", .null)
        default:
            try number()
            try add(.number, from: start)
        }
        return .behind
    }

    private mutating func begin(_ kind: JSONNode.Kind) throws(JSONError) -> Step {
        guard open.count < limits.depth else { throw JSONError(.tooDeep, at: place) }
        open.append(nodes.count)
        place += 1
        try add(kind, from: place - 1)
        return kind == .object ? .firstName : .firstValue
    }

    /// Takes the bracket that ends the innermost array or object.
    private mutating func close() -> Step {
        place += 1
        guard let index = open.popLast() else { return .behind }
        nodes[index].end = UInt32(truncatingIfNeeded: place)
        nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
        return .behind
    }

    /// What stands behind a value inside an array or object.
    private mutating func separator() throws(JSONError) -> Step {
        guard let index = open.last else { return .behind }
        let isObject = nodes[index].kind == .object
        switch next {
        case UInt8(ascii: ","):
            place += 1
            return isObject ? .name : .value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: return close()
        default: throw unexpected()
        }
    }

    private mutating func name() throws(JSONError) -> Step {
        guard next == UInt8(ascii: "\"") else { throw unexpected() }
        try string(.name)
        space()
        guard next == UInt8(ascii: ":") else { throw unexpected() }
        place += 1
        return .value
    }

    // MARK: Scalars

    private mutating func word(_ word: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
        let start = place
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { throw unexpected() }
            place += 1
        }
        try add(kind, from: start)
    }

    /// RFC 8259 §6: no leading zero, digits on both sides of the point.
    private mutating func number() throws(JSONError) {
        if next == UInt8(ascii: "-") { place += 1 }
        if next == UInt8(ascii: "0") { place += 1 } else { try digits() }
        if next == UInt8(ascii: ".") {
            place += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            place += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(JSONError) {
        guard let digit = next, (0x30...0x39).contains(digit) else { throw unexpected() }
        while let digit = next, (0x30...0x39).contains(digit) { place += 1 }
    }

    /// RFC 8259 §7: UTF-8 without control characters, and only the escapes there are.
    private mutating func string(_ kind: JSONNode.Kind) throws(JSONError) {
        let start = place
        place += 1
        var (hasEscapes, isUnpaired) = (false, false)
        while let byte = next, byte != UInt8(ascii: "\"") {
            switch byte {
            case UInt8(ascii: "\\"):
                hasEscapes = true
                if try escape() == .unpaired { isUnpaired = true }
            case 0x20..<0x80: place += 1
            case 0x80...0xFF: try scalar(byte)
            default: throw unexpected()
            }
        }
        guard place < bytes.count else { throw unexpected() }
        place += 1
        try add(kind, from: start)
        nodes[nodes.count - 1].hasEscapes = hasEscapes
        nodes[nodes.count - 1].isUnpaired = isUnpaired
    }

    private enum Escape { case fine, unpaired }

    /// Takes one escape, or the two that make a surrogate pair.
    private mutating func escape() throws(JSONError) -> Escape {
        place += 1
        guard let letter = next else { throw unexpected() }
        guard letter == UInt8(ascii: "u") else {
            guard JSONEscape.byte(for: letter) != nil else { throw unexpected() }
            place += 1
            return .fine
        }
        place += 1
        for _ in 0..<4 {
            guard let digit = next, Hex.value(digit) != nil else { throw unexpected() }
            place += 1
        }
        let unit = JSONEscape.unit(bytes, at: place - 4)
        guard (0xD800...0xDFFF).contains(unit) else { return .fine }
        guard unit < 0xDC00, place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u"),
            bytes[(place + 2)..<(place + 6)].allSatisfy({ Hex.value($0) != nil }),
            (0xDC00...0xDFFF).contains(JSONEscape.unit(bytes, at: place + 2))
        else { return .unpaired }
        place += 6
        return .fine
    }

    /// Takes one character of two to four bytes (The Unicode Standard, table 3-7).
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
        default: throw JSONError(.invalidUTF8, at: place)
        }
        for index in 1..<count {
            guard place + index < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
            guard (index == 1 ? second : 0x80...0xBF).contains(bytes[place + index]) else {
                throw JSONError(.invalidUTF8, at: place)
            }
        }
        place += count
    }
}
