/// Checks the extensions of one chunk, a byte at a time, from behind the first `;` to the CR that ends the line.
///
/// RFC 9112 §7.1.1: `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, where a name is a token
/// and a value is a token or a quoted string (RFC 9110 §5.6.4). One rule is stricter: no white space may stand between
/// the size and the first `;`, which ``ChunkedDecoder`` refuses, as llhttp does.
struct ChunkExtension: Sendable {
    /// What one more byte makes of the line.
    enum Step {
        case incomplete
        /// The byte was the CR behind a whole extension.
        case complete
        case malformed
    }

    private enum State {
        case beforeName, name, blankAfterName, beforeValue, token, quoted, escaped, afterQuoted, blankAfterValue
    }

    private var state = State.beforeName

    mutating func consume(_ byte: UInt8) -> Step {
        if byte == 0x0D { return isComplete ? .complete : .malformed }
        guard let next = next(byte) else { return .malformed }
        state = next
        return .incomplete
    }

    /// The line may end here. White space may not: the grammar has it only before `;` and around `=`.
    private var isComplete: Bool {
        switch state {
        case .name, .token, .afterQuoted: true
        case .beforeName, .blankAfterName, .beforeValue, .quoted, .escaped, .blankAfterValue: false
        }
    }

    /// The state after `byte`, or nil where the grammar has none.
    private func next(_ byte: UInt8) -> State? {
        let isBlank = byte == 0x20 || byte == 0x09
        switch state {
        case .beforeName: return isBlank ? .beforeName : Grammar.isToken(byte) ? .name : nil
        case .name where Grammar.isToken(byte): return .name
        case .name, .blankAfterName:
            if byte == UInt8(ascii: "=") { return .beforeValue }
            return byte == UInt8(ascii: ";") ? .beforeName : isBlank ? .blankAfterName : nil
        case .beforeValue:
            if isBlank { return .beforeValue }
            return byte == UInt8(ascii: "\"") ? .quoted : Grammar.isToken(byte) ? .token : nil
        case .quoted:
            if byte == UInt8(ascii: "\"") { return .afterQuoted }
            if byte == UInt8(ascii: "\\") { return .escaped }
            return Grammar.isFieldValue(byte) ? .quoted : nil
        case .escaped: return Grammar.isFieldValue(byte) ? .quoted : nil
        case .token where Grammar.isToken(byte): return .token
        case .token, .afterQuoted, .blankAfterValue:
            return byte == UInt8(ascii: ";") ? .beforeName : isBlank ? .blankAfterValue : nil
        }
    }
}
