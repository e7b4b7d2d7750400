package import LatchkeyCore

/// Which part of a JSON value `field=` names.
///
/// At each object the rest of the path is first the name of one member, and that one is meant. Only where there is none
/// does the path end at its first dot, and goes on in the member before it (`a.b`). In an array a number counts from 0.
/// A path that begins with a slash and is no member's name is a JSON Pointer (RFC 6901). Names are compared as bytes.
package struct FieldPath: Sendable {
    private let path: [UInt8]

    package init(_ path: String) { self.path = Array(path.utf8) }

    /// The part; nil where there is none. Takes time linear in the text of the value.
    package func find(in root: JSONValue) -> JSONValue? {
        guard !path.isEmpty else { return nil }
        if let member = root.member(path) { return member }
        return path.first == UInt8(ascii: "/") ? pointed(in: root) : dotted(in: root)
    }

    private func dotted(in root: JSONValue) -> JSONValue? {
        var (value, rest) = (root, path[...])
        while true {
            if let member = value.member(rest) { return member }
            let dot = rest.firstIndex(of: UInt8(ascii: "."))
            guard let next = Self.child(rest[..<(dot ?? rest.endIndex)], of: value) else { return nil }
            guard let dot else { return next }
            value = next
            rest = rest[(dot + 1)...]
        }
    }

    /// RFC 6901 §4: `~1` is a slash, `~0` a tilde.
    private func pointed(in root: JSONValue) -> JSONValue? {
        var value = root
        for token in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = Self.unescaped(token), let next = Self.child(name[...], of: value) else { return nil }
            value = next
        }
        return value
    }

    private static func unescaped(_ token: ArraySlice<UInt8>) -> [UInt8]? {
        var name: [UInt8] = []
        var bytes = token.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "~") else {
                name.append(byte)
                continue
            }
            switch bytes.next() {
            case UInt8(ascii: "0"): name.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): name.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return name
    }

    private static func child(_ name: ArraySlice<UInt8>, of value: JSONValue) -> JSONValue? {
        switch value.kind {
        case .object: value.member(name)
        case .array: index(name).flatMap { value.element($0) }
        case .null, .bool, .number, .string: nil
        }
    }

    /// RFC 6901 §4: digits without a leading zero.
    private static func index(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...9).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }),
            text.count == 1 || text.first != 0x30
        else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
