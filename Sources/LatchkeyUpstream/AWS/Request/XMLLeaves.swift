/// The texts of an XML document by the path of their elements, for the flat documents that AWS's query protocol answers
/// with: `AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId`.
///
/// Elements, text, the five named and the numeric references, comments and CDATA (XML 1.0 §2, §4.1, §4.6). Attributes are
/// passed over and prefixes cut off. A document type is refused: nothing here may expand. So are bytes outside ASCII, which
/// no answer to AssumeRole has, and which take more time to compare than their length.
package struct XMLLeaves: Sendable {
    /// The document is not well-formed, nested too deeply, or declares a type. Carries none of it.
    package struct Malformed: Error, Hashable, Sendable {}

    /// Elements in one another, at the most.
    private static let deepest = 32

    private var texts: [String: String] = [:]

    package init(_ bytes: [UInt8]) throws(Malformed) {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw Malformed() }
        let text = String(decoding: bytes, as: UTF8.self)
        var rest = text[...]
        var path: [Substring] = []
        var content = ""
        while let open = rest.firstIndex(of: "<") {
            content += try Self.unescaped(rest[..<open])
            rest = rest[open...]
            if rest.hasPrefix("<!--") {
                rest = try Self.after("-->", in: rest)
            } else if rest.hasPrefix("<![CDATA[") {
                let end = try Self.after("]]>", in: rest)
                content += rest.dropFirst(9)[..<end.startIndex].dropLast(3)
                rest = end
            } else if rest.hasPrefix("<?") {
                rest = try Self.after("?>", in: rest)
            } else {
                let tag = try Self.tag(&rest)
                try close(tag, &path, content)
                content = ""
            }
        }
        guard path.isEmpty, !texts.isEmpty, rest.allSatisfy(\.isWhitespace) else { throw Malformed() }
    }

    /// The text of the first element on this path; nil where there is none.
    package subscript(path: String) -> String? { texts[path] }

    /// Takes a tag's end or beginning into account.
    private mutating func close(_ tag: Substring, _ path: inout [Substring], _ content: String) throws(Malformed) {
        let isEmptyElement = tag.last == "/"
        let isEnd = tag.first == "/"
        let name = Self.name(isEnd ? tag.dropFirst() : tag)
        guard !name.isEmpty else { throw Malformed() }
        if isEnd {
            guard path.last == name else { throw Malformed() }
        } else {
            guard path.count < Self.deepest else { throw Malformed() }
            path.append(name)
            guard isEmptyElement else { return }
        }
        let key = path.joined(separator: "/")
        if texts[key] == nil { texts[key] = isEmptyElement ? "" : content }
        path.removeLast()
    }

    /// What stands between `<` and the `>` that ends the tag, outside of quotes.
    private static func tag(_ rest: inout Substring) throws(Malformed) -> Substring {
        var quote: Character?
        for index in rest.indices.dropFirst() {
            let character = rest[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == ">" {
                let tag = rest[rest.index(after: rest.startIndex)..<index]
                rest = rest[rest.index(after: index)...]
                guard tag.first != "!" else { throw Malformed() }
                return tag
            }
        }
        throw Malformed()
    }

    private static func name(_ tag: Substring) -> Substring {
        let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
        return name.lastIndex(of: ":").map { name[name.index(after: $0)...] } ?? name
    }

    private static func after(_ mark: String, in rest: Substring) throws(Malformed) -> Substring {
        guard let end = rest.firstRange(of: mark) else { throw Malformed() }
        return rest[end.upperBound...]
    }

    private static func unescaped(_ text: Substring) throws(Malformed) -> String {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";") else { throw Malformed() }
            guard let character = character(rest[rest.index(after: start)..<end]) else { throw Malformed() }
            result.unicodeScalars.append(character)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ reference: Substring) -> Unicode.Scalar? {
        switch reference {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard reference.first == "#" else { return nil }
        let digits = reference.dropFirst()
        let number = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap { Unicode.Scalar($0) }
    }
}
