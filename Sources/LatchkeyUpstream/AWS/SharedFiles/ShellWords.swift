/// Splits a command line into words without a shell, as Python's `shlex.split` does, which botocore uses for
/// `credential_process`.
///
/// White space separates words. Single quotes keep all characters. A backslash keeps the next character; within double
/// quotes it does so only before a quote or a backslash.
package enum ShellWords {
    /// A quote is not closed, or the line ends with a backslash.
    package struct SyntaxError: Error, Hashable, Sendable {}

    package static func split(_ line: String) throws(SyntaxError) -> [String] {
        var words: [String] = []
        var word: String?
        var rest = Array(line.unicodeScalars)[...]
        while let next = rest.popFirst() {
            switch next {
            case " ", "\t", "\n", "\r":
                if let whole = word { words.append(whole) }
                word = nil
            case "'":
                guard let end = rest.firstIndex(of: "'") else { throw SyntaxError() }
                append(rest[rest.startIndex..<end], to: &word)
                rest = rest[(end + 1)...]
            case "\"": append(try quoted(&rest), to: &word)
            case "\\":
                guard let kept = rest.popFirst() else { throw SyntaxError() }
                append([kept], to: &word)
            default: append([next], to: &word)
            }
        }
        if let whole = word { words.append(whole) }
        return words
    }

    /// Removes the characters up to the closing double quote, and the quote, from the start of `rest`.
    private static func quoted(
        _ rest: inout ArraySlice<Unicode.Scalar>
    ) throws(SyntaxError) -> ArraySlice<Unicode.Scalar> {
        var content: ArraySlice<Unicode.Scalar> = []
        while let next = rest.popFirst() {
            if next == "\"" { return content }
            guard next == "\\" else {
                content.append(next)
                continue
            }
            guard let kept = rest.popFirst() else { throw SyntaxError() }
            if kept != "\"" && kept != "\\" { content.append(next) }
            content.append(kept)
        }
        throw SyntaxError()
    }

    private static func append(_ characters: ArraySlice<Unicode.Scalar>, to word: inout String?) {
        // In place: a copy for each character would take quadratic time.
        if word == nil { word = "" }
        word?.unicodeScalars.append(contentsOf: characters)
    }
}
