/// A pattern with stars, compared byte by byte. The time is linear in the length of the text for each part of the pattern.
package struct TextPattern: Hashable, Sendable {
    /// What a star stands for.
    package enum Grammar: Hashable, Sendable {
        /// `*` is any bytes but `/`, and `**` any bytes. For names of secrets.
        case segments
        /// `*` is any bytes. For the subjects of tokens.
        case plain
    }

    private enum Part: Hashable, Sendable {
        case literal([UInt8])
        /// Any bytes but `/`, or none.
        case segmentStar
        /// Any bytes, or none.
        case anyStar
    }

    private let parts: [Part]
    /// As it was written.
    package let text: String

    package init(_ text: String, _ grammar: Grammar) {
        self.text = text
        var parts: [Part] = []
        var (literal, stars) = ([UInt8](), 0)
        let endStars = {
            if stars > 0 { parts.append(stars > 1 || grammar == .plain ? .anyStar : .segmentStar) }
            stars = 0
        }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "*") {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                stars += 1
            } else {
                endStars()
                literal.append(byte)
            }
        }
        endStars()
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// Whether it has no star.
    package var isLiteral: Bool {
        switch parts.count {
        case 0: true
        case 1: if case .literal = parts[0] { true } else { false }
        default: false
        }
    }

    /// Whether the pattern matches the whole of `text`.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }

    /// Whether the pattern matches all of these bytes.
    package func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = parts[...]
        var start = 0
        // Most patterns are a literal, and possibly a star behind it.
        if case .literal(let literal) = rest.first {
            guard Self.has(literal, at: 0, in: bytes) else { return false }
            start = literal.count
            rest = rest.dropFirst()
        }
        let tail = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let last = rest.first else { return tail.isEmpty }
        if rest.count > 1 { return Self.matches(rest, tail) }
        return last == .anyStar || !tail.contains(UInt8(ascii: "/"))
    }

    /// Follows all ways to match at once: after each part, the set of positions that it can end at.
    private static func matches(_ parts: ArraySlice<Part>, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var reached = PositionSet(startOf: bytes.count)
        var withoutSlash: PositionSet?
        for part in parts {
            switch part {
            case .anyStar: reached.extendToEnd()
            case .segmentStar:
                let passable = withoutSlash ?? positions(in: bytes) { $0 != UInt8(ascii: "/") }
                withoutSlash = passable
                reached.extend(through: passable)
            case .literal(let literal):
                var next = PositionSet(emptyFor: bytes.count)
                reached.forEach { if has(literal, at: $0, in: bytes) { next.insert($0 + literal.count) } }
                reached = next
            }
            if reached.isEmpty { return false }
        }
        return reached.hasEnd
    }

    private static func positions(in bytes: UnsafeRawBufferPointer, where isPassable: (UInt8) -> Bool) -> PositionSet {
        var positions = PositionSet(emptyFor: bytes.count)
        for (index, byte) in bytes.enumerated() where isPassable(byte) { positions.insert(index) }
        return positions
    }

    private static func has(_ literal: [UInt8], at position: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count - position >= literal.count else { return false }
        for index in literal.indices where bytes[position + index] != literal[index] { return false }
        return true
    }

    // MARK: Overlap

    /// Whether some text matches both patterns. For ``Grammar/plain`` only.
    ///
    /// The time grows with the product of the two lengths, after the ends are compared.
    package func overlaps(_ other: TextPattern) -> Bool {
        if isLiteral { return other.matches(text) }
        if other.isLiteral { return matches(other.text) }
        let (left, right) = (Array(text.utf8), Array(other.text.utf8))
        let star = UInt8(ascii: "*")
        let isCompatible = { (left: [UInt8], right: [UInt8]) in
            zip(left.prefix { $0 != star }, right.prefix { $0 != star }).allSatisfy { $0 == $1 }
        }
        guard isCompatible(left, right), isCompatible(left.reversed(), right.reversed()) else { return false }
        // reachable[j]: the first i bytes of one pattern and the first j of the other can match the same text.
        var reachable = [Bool](repeating: false, count: right.count + 1)
        reachable[0] = true
        for column in right.indices where right[column] == star { reachable[column + 1] = reachable[column] }
        for byte in left {
            var next = [Bool](repeating: false, count: right.count + 1)
            next[0] = byte == star && reachable[0]
            for (column, otherByte) in right.enumerated() {
                next[column + 1] =
                    byte == star || otherByte == star
                    ? reachable[column + 1] || next[column] : byte == otherByte && reachable[column]
            }
            reachable = next
        }
        return reachable[right.count]
    }
}
