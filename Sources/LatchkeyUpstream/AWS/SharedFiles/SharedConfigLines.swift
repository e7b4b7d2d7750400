internal import LatchkeyCore

/// The lines of a shared file. CR, LF and CR LF end a line, as in Python's text mode.
struct SharedConfigLines {
    struct Line {
        /// Counted from 1.
        let number: Int
        /// Blanks and tabs before the content. A tab counts as one.
        let indent: Int
        /// Without white space at either end.
        let content: ArraySlice<UInt8>

        var isBlank: Bool { content.isEmpty }
        var isComment: Bool { content.first == UInt8(ascii: "#") || content.first == UInt8(ascii: ";") }
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let bytes: [UInt8]
    private var position = 0
    private var number = 0

    init(_ bytes: [UInt8]) throws(SharedConfigSyntaxError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw SharedConfigSyntaxError(
                line: 1, reason: "the file begins with a byte order mark: save it as UTF-8 without one")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw SharedConfigSyntaxError(line: 1, reason: "the file is UTF-16: save it as UTF-8")
        }
        self.bytes = bytes
    }

    /// The next line; nil at the end.
    ///
    /// - Throws: for bytes that are not UTF-8, and outside comments for control characters and for white space other
    ///   than blank and tab: SDKs disagree on whether these separate lines and words.
    mutating func next() throws(SharedConfigSyntaxError) -> Line? {
        guard position < bytes.count else { return nil }
        number += 1
        var end = position
        while end < bytes.count, bytes[end] != Self.lineFeed, bytes[end] != Self.carriageReturn { end += 1 }
        let whole = bytes[position..<end]
        let isPair =
            end + 1 < bytes.count && bytes[end] == Self.carriageReturn && bytes[end + 1] == Self.lineFeed
        position = end + (isPair ? 2 : 1)
        let indented = whole.drop(while: ASCII.isBlank)
        let line = Line(number: number, indent: whole.count - indented.count, content: ASCII.trimmingBlanks(indented))
        guard let text = String(validating: line.content, as: UTF8.self) else {
            throw SharedConfigSyntaxError(line: number, reason: "not UTF-8: save the file as UTF-8")
        }
        if !line.isComment, text.unicodeScalars.contains(where: \.isInvisible) {
            throw SharedConfigSyntaxError(
                line: number,
                reason: "a control character, or white space that is neither a blank nor a tab: remove it")
        }
        return line
    }
}
