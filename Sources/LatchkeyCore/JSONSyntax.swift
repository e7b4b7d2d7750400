/// Where a text stops being JSON (RFC 8259): a strict scan that builds nothing, for messages that name a place and
/// nothing of what stands there.
package enum JSONSyntax {
    /// Values inside values; deeper is an error at the bracket that goes too far. The parser's own bound.
    package static let deepest = 512

    /// The offset, from 0, of the first byte that cannot be; the text's length where it ends too early. Nil for JSON.
    package static func firstError(in bytes: [UInt8]) -> Int? {
        var scan = Scan(bytes)
        do throws(Scan.Stop) {
            try scan.value(depth: 0)
            scan.space()
            return scan.isAtEnd ? nil : scan.place
        } catch {
            return scan.place
        }
    }

    private struct Scan {
        struct Stop: Error {}

        private let bytes: [UInt8]
        private(set) var place = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { place == bytes.count }
        private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

        mutating func space() {
            while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
        }

        mutating func value(depth: Int) throws(Stop) {
            space()
            switch next {
            case UInt8(ascii: "{"): try object(depth: depth)
            case UInt8(ascii: "["): try array(depth: depth)
            case UInt8(ascii: "\""): try string()
            case UInt8(ascii: "t"): try word("true")
            case UInt8(ascii: "f"): try word("false")
            case UInt8(ascii: "n"): try word("null")
            default: try number()
            }
        }

        private mutating func take(_ byte: UInt8) throws(Stop) {
            guard next == byte else { throw Stop() }
            place += 1
        }

        private mutating func word(_ word: StaticString) throws(Stop) {
            for index in 0..<word.utf8CodeUnitCount { try take(word.utf8Start[index]) }
        }

        private mutating func object(depth: Int) throws(Stop) {
            guard depth < JSONSyntax.deepest else { throw Stop() }
            try take(UInt8(ascii: "{"))
            space()
            if next == UInt8(ascii: "}") { return place += 1 }
            while true {
                space()
                try string()
                space()
                try take(UInt8(ascii: ":"))
                try value(depth: depth + 1)
                space()
                if next == UInt8(ascii: "}") { return place += 1 }
                try take(UInt8(ascii: ","))
            }
        }

        private mutating func array(depth: Int) throws(Stop) {
            guard depth < JSONSyntax.deepest else { throw Stop() }
            try take(UInt8(ascii: "["))
            space()
            if next == UInt8(ascii: "]") { return place += 1 }
            while true {
                try value(depth: depth + 1)
                space()
                if next == UInt8(ascii: "]") { return place += 1 }
                try take(UInt8(ascii: ","))
            }
        }

        /// RFC 8259 §7: no control characters, and only the escapes there are.
        private mutating func string() throws(Stop) {
            try take(UInt8(ascii: "\""))
            while let byte = next, byte != UInt8(ascii: "\"") {
                guard byte >= 0x20 else { throw Stop() }
                place += 1
                guard byte == UInt8(ascii: "\\") else { continue }
                guard let escape = next, "\"\\/bfnrtu".utf8.contains(escape) else { throw Stop() }
                place += 1
                guard escape == UInt8(ascii: "u") else { continue }
                for _ in 0..<4 {
                    guard let digit = next, Character(Unicode.Scalar(digit)).isHexDigit else { throw Stop() }
                    place += 1
                }
            }
            try take(UInt8(ascii: "\""))
        }

        /// RFC 8259 §6: no leading zero, digits on both sides of the point.
        private mutating func number() throws(Stop) {
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

        private mutating func digits() throws(Stop) {
            guard let digit = next, (0x30...0x39).contains(digit) else { throw Stop() }
            while let digit = next, (0x30...0x39).contains(digit) { place += 1 }
        }
    }
}
