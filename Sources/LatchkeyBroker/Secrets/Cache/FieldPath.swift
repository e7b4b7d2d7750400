package import LatchkeyCore

/// The member of a JSON value that `field=` names.
///
/// At each object, the whole remaining path is first taken as the name of one member. If there is no such member, the
/// path is split at its first dot (`a.b`). In an array, a number is an index that starts at 0. A path that starts with
/// a slash and is not the name of a member is a JSON Pointer (RFC 6901). Names are compared as bytes.
package struct FieldPath: Sendable {
    private let path: [UInt8]

    package init(_ path: String) { self.path = Array(path.utf8) }

    /// Finds the member; nil if there is none. Takes time linear in the length of the JSON text.
    package func find(in root: JSONValue) -> JSONValue? {
        guard !path.isEmpty else { return nil }
        if let member = root.member(path) { return member }
        return path.first == UInt8(ascii: "/") ? findByPointer(in: root) : findByDots(in: root)
    }

    private func findByDots(in root: JSONValue) -> JSONValue? {
        var (value, remaining) = (root, path[...])
        while true {
            if let member = value.member(remaining) { return member }
            let dot = remaining.firstIndex(of: UInt8(ascii: "."))
            guard let next = Self.child(remaining[..<(dot ?? remaining.endIndex)], of: value) else { return nil }
            guard let dot else { return next }
            value = next
            remaining = remaining[(dot + 1)...]
        }
    }

    private func findByPointer(in root: JSONValue) -> JSONValue? {
        var value = root
        for token in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = Self.unescaped(token), let next = Self.child(name[...], of: value) else { return nil }
            value = next
        }
        return value
    }

    /// Decodes the escapes of a JSON Pointer (RFC 6901 §4): `~1` is a slash, `~0` a tilde.
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

    /// An array index: digits without a leading zero (RFC 6901 §4).
    private static func index(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...9).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }),
            text.count == 1 || text.first != 0x30
        else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
