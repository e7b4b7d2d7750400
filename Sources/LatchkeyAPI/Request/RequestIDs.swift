internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// Assigns request ids: the caller's own id if it is valid, else a new one.
struct RequestIDs {
    /// Maximum length of a caller's id. Only letters, digits, `-`, `.` and `_` are accepted, which are safe in logs and
    /// headers.
    private static let maxBytes = 128

    private let prefix = Array(Hex.encode(Random.bytes(8)).utf8)
    private var count: UInt64 = 0

    /// Appends the request's id to `output`.
    mutating func append(_ given: UnsafeRawBufferPointer, to output: ReplyWriter) {
        if Self.isValid(given) {
            output.append(given)
        } else {
            appendNew(to: &output.output)
        }
    }

    /// The request's id as text, for the body of a problem.
    mutating func text(_ given: UnsafeRawBufferPointer) -> String {
        Self.isValid(given) ? String(decoding: given, as: UTF8.self) : String(decoding: next(), as: UTF8.self)
    }

    /// A random prefix for each worker followed by a counter: unique without a random number for every request.
    mutating func next() -> [UInt8] {
        var id: [UInt8] = []
        appendNew(to: &id)
        return id
    }

    private mutating func appendNew(to output: inout [UInt8]) {
        count &+= 1
        output.append(contentsOf: prefix)
        var shift: UInt64 = 32
        while shift > 0 {
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: count >> shift) & 15
            output.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    private static func isValid(_ id: UnsafeRawBufferPointer) -> Bool {
        guard !id.isEmpty, id.count <= maxBytes else { return false }
        for byte in id {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: continue
            default: return false
            }
        }
        return true
    }
}
