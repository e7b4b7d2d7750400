/// The texts of an XML document by the path of their elements, such as
/// `AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId`: a reader for the flat documents of AWS's query
/// protocol.
///
/// Reads elements, text, the five predefined entities, numeric character references, comments and CDATA (XML 1.0 §2,
/// §4.1, §4.6). Ignores attributes and removes namespace prefixes. Refuses document types, so that no entity can
/// expand, and bytes outside ASCII, which no STS response has and whose comparison is not linear in their number.
package struct XMLLeaves: Sendable {
    /// The document is not well-formed, nested too deep, or declares a document type. Holds no part of the document.
    package struct SyntaxError: Error, Hashable, Sendable {}

    /// Elements that may be nested in one another.
    private static let maxDepth = 32

    private var texts: [String: String] = [:]

    package init(_ bytes: [UInt8]) throws(SyntaxError) {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw SyntaxError() }
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
                try apply(tag, &path, content)
                content = ""
            }
        }
        guard path.isEmpty, !texts.isEmpty, rest.allSatisfy(\.isWhitespace) else { throw SyntaxError() }
    }

    /// The text of the first element with this path; nil if there is none.
    package subscript(path: String) -> String? { texts[path] }

    /// Opens or closes an element.
    private mutating func apply(_ tag: Substring, _ path: inout [Substring], _ content: String) throws(SyntaxError) {
        let isEmptyElement = tag.last == "/"
        let isEndTag = tag.first == "/"
        let name = Self.name(isEndTag ? tag.dropFirst() : tag)
        guard !name.isEmpty else { throw SyntaxError() }
        if isEndTag {
            guard path.last == name else { throw SyntaxError() }
        } else {
            guard path.count < Self.maxDepth else { throw SyntaxError() }
            path.append(name)
            guard isEmptyElement else { return }
        }
        let key = path.joined(separator: "/")
        if texts[key] == nil { texts[key] = isEmptyElement ? "" : content }
        path.removeLast()
    }

    /// Removes a tag from the start of `rest`.
    ///
    /// - Returns: the text between `<` and the `>` that ends the tag, which is not inside quotes.
    private static func tag(_ rest: inout Substring) throws(SyntaxError) -> Substring {
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
                guard tag.first != "!" else { throw SyntaxError() }
                return tag
            }
        }
        throw SyntaxError()
    }

    private static func name(_ tag: Substring) -> Substring {
        let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
        return name.lastIndex(of: ":").map { name[name.index(after: $0)...] } ?? name
    }

    private static func after(_ mark: String, in rest: Substring) throws(SyntaxError) -> Substring {
        guard let end = rest.firstRange(of: mark) else { throw SyntaxError() }
        return rest[end.upperBound...]
    }

    private static func unescaped(_ text: Substring) throws(SyntaxError) -> String {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";") else { throw SyntaxError() }
            guard let character = character(rest[rest.index(after: start)..<end]) else { throw SyntaxError() }
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
