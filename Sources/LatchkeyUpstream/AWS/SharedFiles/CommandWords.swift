/// A command line in words, without a shell: the rule of Python's `shlex.split`, which is how botocore reads
/// `credential_process`. White space parts words; single quotes keep everything; a backslash keeps the next character,
/// within double quotes a quote or backslash alone.
package enum CommandWords {
    /// A quote that is not closed, or a backslash at the end.
    package struct Malformed: Error, Hashable, Sendable {}

    package static func split(_ line: String) throws(Malformed) -> [String] {
        var words: [String] = []
        var word: String?
        var rest = Array(line.unicodeScalars)[...]
        while let next = rest.popFirst() {
            switch next {
            case " ", "\t", "\n", "\r":
                if let whole = word { words.append(whole) }
                word = nil
            case "'":
                guard let end = rest.firstIndex(of: "'") else { throw Malformed() }
                append(rest[rest.startIndex..<end], to: &word)
                rest = rest[(end + 1)...]
            case "\"": append(try quoted(&rest), to: &word)
            case "\\":
                guard let kept = rest.popFirst() else { throw Malformed() }
                append([kept], to: &word)
            default: append([next], to: &word)
            }
        }
        if let whole = word { words.append(whole) }
        return words
    }

    /// What stands before the closing double quote.
    private static func quoted(_ rest: inout ArraySlice<Unicode.Scalar>) throws(Malformed) -> ArraySlice<Unicode.Scalar>
    {
        var content: ArraySlice<Unicode.Scalar> = []
        while let next = rest.popFirst() {
            if next == "\"" { return content }
            guard next == "\\" else {
                content.append(next)
                continue
            }
            guard let kept = rest.popFirst() else { throw Malformed() }
            if kept != "\"" && kept != "\\" { content.append(next) }
            content.append(kept)
        }
        throw Malformed()
    }

    private static func append(_ characters: ArraySlice<Unicode.Scalar>, to word: inout String?) {
        // In place: a copy for every character would be quadratic.
        if word == nil { word = "" }
        word?.unicodeScalars.append(contentsOf: characters)
    }
}
