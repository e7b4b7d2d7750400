internal import LatchkeyCore

/// Percent-encoding (RFC 3986 §2.1) and the form encoding built on it.
package enum PercentEncoding {
    /// `bytes` with escapes undone; nil for a bad escape, a NUL, or bytes that are no UTF-8.
    /// - Parameters:
    ///   - plusIsSpace: for forms and queries (`application/x-www-form-urlencoded`).
    ///   - allowsZero: a NUL is taken as it is, and is no error.
    package static func decode(
        _ bytes: some Collection<UInt8>, plusIsSpace: Bool = false, allowsZero: Bool = false
    ) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(Hex.value), let low = iterator.next().flatMap(Hex.value) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        guard allowsZero || !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Everything but unreserved characters escaped (RFC 3986 §2.3), upper-case hex.
    package static func encode(_ text: String, keeping kept: String = "") -> String {
        var encoded: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            if isUnreserved(byte) || kept.utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// `name=value` pairs as a form body or a query.
    package static func form(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }

    /// The pairs of a form body or a query, in order, repeats kept; nil for a bad escape. A name without `=` has the
    /// empty value; empty pieces are passed over.
    /// - Parameter allowsZero: a NUL in a value is taken as it is, and is no error.
    package static func pairs(
        _ bytes: some Collection<UInt8>, allowsZero: Bool = false
    ) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        // In an array, whose type the compiler knows here, a byte costs a twentieth of what it does in the callers' types.
        for piece in Array(bytes).split(separator: UInt8(ascii: "&")) {
            let halves = piece.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = halves.first, let name = decode(first, plusIsSpace: true) else { return nil }
            let value = halves.count > 1 ? decode(halves[1], plusIsSpace: true, allowsZero: allowsZero) : ""
            guard let value else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    /// The decoded segments of a path below `/`. An escaped slash is a slash: it divides segments as a plain one does.
    /// Any other character may stand in a segment. Nil for a bad escape, and for a segment that is empty, `.` or `..`
    /// (RFC 3986 §3.3, §6.2.2.3), however it is written: so no path leads out of where it begins.
    package static func segments(_ path: some Collection<UInt8>) -> [String]? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        for piece in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let decoded = decode(piece, allowsZero: true) else { return nil }
            for segment in decoded.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
                guard !segment.isEmpty, !segment.elementsEqual(".".utf8), !segment.elementsEqual("..".utf8) else {
                    return nil
                }
                segments.append(String(decoding: segment, as: UTF8.self))
            }
        }
        return segments
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
