internal import LatchkeyCore

/// The fields of a head that services do not send. They show that a browser or a proxy has sent the request.
package struct SenderFields: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `Origin` (RFC 6454 §7) or a `Sec-Fetch-…` field (W3C Fetch Metadata Request Headers), except for
    /// `Sec-Fetch-Mode: cors`: `fetch` of Node.js sends that, and a browser never without another one of these fields.
    package static let browser = SenderFields(rawValue: 1)
    /// `X-Forwarded-For`, `Forwarded` (RFC 7239 §4) or `Via` (RFC 9110 §7.6.3).
    package static let forwarded = SenderFields(rawValue: 2)

    /// The fields among those of a request.
    package init(of fields: HTTPFields) {
        self = []
        for field in fields.lines {
            Array(field.name.utf8).withUnsafeBytes { name in
                Array(field.value.utf8).withUnsafeBytes { value in formUnion(Self.of(name, value)) }
            }
        }
    }

    /// The first letters of the names, f, o, s, v and x: a bit for each, by its place in the alphabet.
    private static let initials: UInt32 = 0x0148_8040

    /// Notes the name of a field. The parser calls it for names that it does not use itself, so it decides by one letter
    /// for most of them.
    ///
    /// - Parameters:
    ///   - name: a token (RFC 9110 §5.1), which is never empty.
    ///   - value: where the value is in `bytes`.
    @inline(__always)
    mutating func note(_ name: UnsafeRawBufferPointer, value: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        if Self.initials >> UInt32(name[0] & 0x1F) & 1 == 1 {
            formUnion(Self.of(name, UnsafeRawBufferPointer(rebasing: bytes[value])))
        }
    }

    private static func of(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> SenderFields {
        switch name.count {
        case 3 where Grammar.equals(name, folded: "via"): .forwarded
        case 6 where Grammar.equals(name, folded: "origin"): .browser
        case 9 where Grammar.equals(name, folded: "forwarded"): .forwarded
        case 15 where Grammar.equals(name, folded: "x-forwarded-for"): .forwarded
        case 14 where Grammar.equals(name, folded: "sec-fetch-mode") && Grammar.equals(value, folded: "cors"): []
        case 11... where Grammar.equals(UnsafeRawBufferPointer(rebasing: name[..<10]), folded: "sec-fetch-"): .browser
        default: []
        }
    }
}
