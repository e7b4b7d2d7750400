/// The first bytes of a form or JSON object, cut after the last complete parameter.
enum OAuthBodyPrefix {
    /// Makes `start` a complete body: a form up to its last `&`, or an object up to the last comma between its members,
    /// closed with a brace.
    static func closed(_ start: some Collection<UInt8>) -> [UInt8] {
        let first = start.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard first == UInt8(ascii: "{") else {
            var form = Array(start)
            form.removeSubrange((form.lastIndex(of: UInt8(ascii: "&")) ?? 0)...)
            return form
        }
        guard let end = endOfLastMember(start) else { return Array("{}".utf8) }
        return Array(start.prefix(end)) + [UInt8(ascii: "}")]
    }

    /// The offset of the last comma between members of the outermost object.
    private static func endOfLastMember(_ text: some Collection<UInt8>) -> Int? {
        var (depth, inString, isEscaped) = (0, false, false)
        var end: Int?
        for (offset, byte) in text.enumerated() {
            if inString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ",") where depth == 1: end = offset
            default: break
            }
        }
        return end
    }
}
