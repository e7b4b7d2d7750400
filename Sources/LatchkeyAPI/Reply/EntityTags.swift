internal import LatchkeyCore

/// Entity tags of answers (RFC 9110 §8.8.3).
enum EntityTags {
    /// Whether `field`, a value of `If-None-Match`, includes `tag` (RFC 9110 §13.1.2): weak comparison, lists and `*`.
    /// Works on bytes, in linear time.
    static func field(_ field: String, matches tag: String) -> Bool {
        field.utf8.split(separator: UInt8(ascii: ",")).contains { candidate in
            var candidate = candidate.drop(while: ASCII.isBlank)
            while let last = candidate.last, ASCII.isBlank(last) { candidate = candidate.dropLast() }
            if candidate.starts(with: "W/".utf8) { candidate = candidate.dropFirst(2) }
            return candidate.elementsEqual("*".utf8) || candidate.elementsEqual(tag.utf8)
        }
    }
}
