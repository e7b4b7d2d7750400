internal import LatchkeyCore

/// Percent-encoding (RFC 3986 §2.1), and the `application/x-www-form-urlencoded` format built on it.
package enum PercentEncoding {
    /// Decodes every `%XX`; nil for a malformed escape, a NUL, or a result that is not UTF-8.
    ///
    /// - Parameters:
    ///   - plusIsSpace: `+` stands for a space, as in forms and queries.
    ///   - allowsZero: accepts a NUL in the result.
    package static func decode(
        _ bytes: some Collection<UInt8>, plusIsSpace: Bool = false, allowsZero: Bool = false
    ) -> String? {
        Array(bytes).withUnsafeBytes { decode(bytes: $0, plusIsSpace, allowsZero) }
    }

    /// Of bytes in memory, because the generic collections of callers in other modules cost twenty times as much a byte.
    private static func decode(bytes: UnsafeRawBufferPointer, _ plusIsSpace: Bool, _ allowsZero: Bool) -> String? {
        var (isPlain, all) = (true, UInt8(0))
        for byte in bytes {
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") || byte == 0 { isPlain = false }
            all |= byte
        }
        // ASCII needs no validation, which looks up generic types at run time.
        return isPlain && all < 0x80
            ? String(decoding: bytes, as: UTF8.self) : decode(escaped: bytes, plusIsSpace, allowsZero)
    }

    private static func decode(escaped bytes: UnsafeRawBufferPointer, _ plusIsSpace: Bool, _ allowsZero: Bool)
        -> String?
    {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 2 <= bytes.count, let high = Hex.value(bytes[index]),
                    let low = Hex.value(bytes[index + 1])
                else { return nil }
                index += 2
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        guard allowsZero || !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Escapes every byte that is not unreserved (RFC 3986 §2.3), in upper-case hexadecimal.
    ///
    /// - Parameter kept: further characters that are not escaped.
    package static func encode(_ text: String, keeping kept: String = "") -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if kept.utf8.contains(byte) { encoded.append(byte) } else { append(byte, to: &encoded) }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Appends `byte`, escaped if it is not unreserved.
    package static func append(_ byte: UInt8, to encoded: inout [UInt8]) {
        if Grammar.isUnreserved(byte) { return encoded.append(byte) }
        encoded.append(UInt8(ascii: "%"))
        for digit in [byte >> 4, byte & 15] { encoded.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
    }

    /// Encodes `name=value` pairs as a form body or a query.
    package static func form(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }

    /// Decodes the pairs of a form body or a query, in order and with repeats; nil for a malformed escape.
    ///
    /// A name without `=` has the empty value. Empty pairs are skipped.
    /// - Parameter allowsZero: accepts a NUL in values.
    package static func pairs(
        _ bytes: some Collection<UInt8>, allowsZero: Bool = false
    ) -> [(name: String, value: String)]? {
        Array(bytes).withUnsafeBytes { pairs(bytes: $0, allowsZero) }
    }

    private static func pairs(bytes: UnsafeRawBufferPointer, _ allowsZero: Bool) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        var start = 0
        while start < bytes.count {
            let end = Grammar.find(UInt8(ascii: "&"), in: bytes, start..<bytes.count) ?? bytes.count
            defer { start = end + 1 }
            if start == end { continue }
            let nameEnd = Grammar.find(UInt8(ascii: "="), in: bytes, start..<end) ?? end
            let (first, second) = (bytes[start..<nameEnd], bytes[min(nameEnd + 1, end)..<end])
            guard let name = decode(bytes: UnsafeRawBufferPointer(rebasing: first), true, false),
                let value = decode(bytes: UnsafeRawBufferPointer(rebasing: second), true, allowsZero)
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    /// The decoded segments of a path that starts with `/` (RFC 3986 §3.3).
    ///
    /// An escaped slash separates segments like a plain one. Nil for a malformed escape and for a segment that is empty,
    /// `.` or `..` after decoding (RFC 3986 §6.2.2.3), so that no path leaves the folder it starts in.
    package static func segments(_ path: some Collection<UInt8>) -> [String]? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        for piece in Array(path.dropFirst()).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let decoded = piece.withUnsafeBytes({ decode(bytes: $0, false, true) }) else { return nil }
            for segment in decoded.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
                guard !segment.isEmpty, !segment.elementsEqual(".".utf8), !segment.elementsEqual("..".utf8) else {
                    return nil
                }
                segments.append(String(decoding: segment, as: UTF8.self))
            }
        }
        return segments
    }
}
