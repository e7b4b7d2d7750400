/// Members of a JSON object as they are written, which a parsed object no longer tells: of two with one name it keeps
/// one.
enum JSONMembers {
    /// How many members the object written in `text` has, repeats counted. `text` must be one valid JSON object
    /// (RFC 8259 §4).
    static func count(ofObject text: some Sequence<UInt8>) -> Int {
        var (depth, count, inString, escaped) = (0, 0, false, false)
        for byte in text {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: count += 1
            default: break
            }
        }
        return count
    }
}
