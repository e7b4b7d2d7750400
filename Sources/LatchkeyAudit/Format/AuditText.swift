/// Text of a line.
enum AuditText {
    /// The start of `text` with `…`, in at most `limit` bytes. No character is divided.
    static func cut(_ text: String, to limit: Int) -> String {
        let mark = "…"
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: max(0, limit - mark.utf8.count))
        while end > text.utf8.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(decoding: Array(text.utf8[..<end]), as: UTF8.self) + mark
    }
}
