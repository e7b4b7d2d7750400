internal import LatchkeyCore
internal import LatchkeyCrypto

/// Assigns request ids: the caller's own id if it is valid, else a new one.
struct RequestIDs {
    /// Maximum length of a caller's id. Only letters, digits, `-`, `.` and `_` are accepted, which are safe in logs and
    /// headers.
    private static let maxBytes = 128
    private static let counterDigits = 8

    /// The fields of the last id: a random prefix for each worker, followed by a counter in hexadecimal digits. That is
    /// unique without a random number, and without rendering, for every request.
    private var fields = Array(
        "\(RequestID.prefix)\(Hex.encode(Random.bytes(8)))\(String(repeating: "0", count: counterDigits))\r\n".utf8)

    /// The id of a request that has `given` as its `X-Request-Id`.
    mutating func next(_ given: UnsafeRawBufferPointer) -> RequestID {
        if Self.isValid(given) { return RequestID(fields: Array(RequestID.prefix.utf8) + given + [0x0D, 0x0A]) }
        return next()
    }

    /// A new id.
    mutating func next() -> RequestID {
        advance()
        return RequestID(fields: fields)
    }

    /// Calls `body` with the id of the request that has `given` as its `X-Request-Id`, without making a ``RequestID``.
    mutating func withNext<Result>(
        _ given: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if Self.isValid(given) { return body(given) }
        advance()
        return fields.withUnsafeBytes { fields in
            body(UnsafeRawBufferPointer(rebasing: fields[Self.prefixBytes..<(fields.count - 2)]))
        }
    }

    private static let prefixBytes = RequestID.prefix.utf8.count

    private mutating func advance() {
        let end = fields.count - 2
        var place = end - 1
        while place >= end - Self.counterDigits {
            switch fields[place] {
            case UInt8(ascii: "f"):
                fields[place] = UInt8(ascii: "0")
                place -= 1
                continue
            case UInt8(ascii: "9"): fields[place] = UInt8(ascii: "a")
            default: fields[place] += 1
            }
            break
        }
    }

    private static func isValid(_ id: UnsafeRawBufferPointer) -> Bool {
        guard !id.isEmpty, id.count <= maxBytes else { return false }
        for byte in id {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): continue
            default: guard ASCII.isLetterOrDigit(byte) else { return false }
            }
        }
        return true
    }
}
