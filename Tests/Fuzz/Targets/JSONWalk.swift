internal import LatchkeyCore

/// Walks through a value in the order of its text, and checks each part against its source.
struct JSONWalk {
    private(set) var tokens: [PlainJSONReader.Token] = []
    /// The deepest nesting of arrays and objects.
    private(set) var depth = 0
    /// The number of values and names.
    private(set) var count = 0
    /// The offset of the first name that its object already has.
    private(set) var firstDuplicateName: Int?
    /// Whether a string or name contains an unpaired surrogate.
    private(set) var hasUnpaired = false

    init(_ value: JSONValue, in bytes: [UInt8]) throws(FuzzViolation) {
        try walk(value, within: 0..<bytes.count, bytes, level: 0)
    }

    private mutating func walk(
        _ value: JSONValue, within outer: Range<Int>, _ bytes: [UInt8], level: Int
    ) throws(FuzzViolation) {
        try checkPlace(value, within: outer, bytes)
        switch value.kind {
        case .null: tokens.append(.null)
        case .bool: tokens.append(.bool(value.bool == true))
        case .number: try number(value)
        case .string: tokens.append(.string(try units(value)))
        case .array:
            depth = max(depth, level + 1)
            tokens.append(.beginArray)
            try elements(of: value, bytes, level: level + 1)
            tokens.append(.endArray)
        case .object:
            depth = max(depth, level + 1)
            tokens.append(.beginObject)
            try members(of: value, bytes, level: level + 1)
            tokens.append(.endObject)
        }
    }

    private mutating func checkPlace(
        _ value: JSONValue, within outer: Range<Int>, _ bytes: [UInt8]
    ) throws(FuzzViolation) {
        count += 1
        let range = value.range
        try require(
            !range.isEmpty && outer.contains(range), "a value lies within its container, after the preceding value")
        try require(value.source.elementsEqual(bytes[range]), "a value's source is its range of the text")
        let (first, last) = (bytes[range.lowerBound], bytes[range.upperBound - 1])
        let isWhole: Bool =
            switch value.kind {
            case .object: first == UInt8(ascii: "{") && last == UInt8(ascii: "}")
            case .array: first == UInt8(ascii: "[") && last == UInt8(ascii: "]")
            case .string: range.count >= 2 && first == UInt8(ascii: "\"") && last == UInt8(ascii: "\"")
            case .number: (0x30...0x39).contains(last)
            case .bool: value.source.elementsEqual((value.bool == true ? "true" : "false").utf8)
            case .null: value.isNull && value.source.elementsEqual("null".utf8)
            }
        try require(isWhole, "a value's source has the form of its kind")
        try require((value.elements != nil) == (value.kind == .array), "only an array has elements")
        try require((value.members != nil) == (value.kind == .object), "only an object has members")
        try require((value.number != nil) == (value.kind == .number), "only a number has digits")
    }

    private mutating func number(_ value: JSONValue) throws(FuzzViolation) {
        let text = String(decoding: value.source, as: UTF8.self)
        tokens.append(.number(text))
        try require(value.number?.text == text, "a number keeps its text")
        if let integer = value.integer, text.utf8.count <= 1_024 {
            try require(Double(text) == Double(integer), "the integer of a number equals the number")
        }
        // A double holds up to 15 digits exactly.
        if text.utf8.count <= 15, !text.contains("e"), !text.contains("E"), let double = Double(text) {
            let isInteger = double.rounded(.towardZero) == double
            try require((value.integer != nil) == isInteger, "exactly the whole numbers have an integer")
        }
    }

    private mutating func units(_ value: JSONValue) throws(FuzzViolation) -> [UInt16] {
        if let text = value.string {
            try require(value.stringBytes.map { $0.elementsEqual(text.utf8) } == true, "a string's bytes are its text")
            try require(value.unpairedSurrogate == nil, "a string with a text has no unpaired surrogate")
            return Array(text.utf16)
        }
        hasUnpaired = true
        guard let place = value.unpairedSurrogate, value.range.contains(place), value.stringBytes == nil,
            case .tokens(let tokens, _) = PlainJSONReader.read(Array(value.source)),
            case .string(let units)? = tokens.first
        else { throw FuzzViolation(description: "a string without a text has an unpaired surrogate") }
        try require(String(validating: units, as: UTF16.self) == nil, "a string without a text has no UTF-8 form")
        return units
    }

    private mutating func elements(of value: JSONValue, _ bytes: [UInt8], level: Int) throws(FuzzViolation) {
        var inside = value.range.dropFirst().dropLast()
        var number = 0
        guard let elements = value.elements else { return }
        for element in elements {
            try walk(element, within: inside, bytes, level: level)
            inside = element.range.upperBound..<inside.upperBound
            number += 1
        }
        try require(value.element(number) == nil, "an array has no element after its last")
        guard number > 0 else { return }
        let last = value.element(number - 1)?.range
        try require(last?.upperBound == inside.lowerBound, "an element is found by its index")
    }

    private mutating func members(of value: JSONValue, _ bytes: [UInt8], level: Int) throws(FuzzViolation) {
        var inside = value.range.dropFirst().dropLast()
        var last: [[UInt16]: Range<Int>] = [:]
        guard let members = value.members else { return }
        for (name, member) in members {
            try checkPlace(name, within: inside, bytes)
            let units = try units(name)
            tokens.append(.name(units))
            inside = name.range.upperBound..<inside.upperBound
            try walk(member, within: inside, bytes, level: level)
            inside = member.range.upperBound..<inside.upperBound
            if last.updateValue(member.range, forKey: units) != nil {
                firstDuplicateName = min(firstDuplicateName ?? .max, name.range.lowerBound)
            }
        }
        // Only one name of each object, because looking up all of them would take quadratic time.
        guard let name = members.first(where: { _ in true })?.name.string else { return }
        try require(value[name]?.range == last[Array(name.utf16)], "the last of equal names counts")
    }
}
