/// Validates the extensions of one chunk byte by byte, from after the first `;` to the CR that ends the line.
///
/// RFC 9112 §7.1.1: `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`. A name is a token, a
/// value is a token or a quoted string (RFC 9110 §5.6.4). One rule is stricter: ``ChunkedDecoder`` rejects white space
/// between the size and the first `;`, as llhttp does.
struct ChunkExtension: Sendable {
    /// The state of the line after one more byte.
    enum Step {
        case incomplete
        /// The byte is the CR after a complete extension.
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

    /// Whether the line may end here. It may not end in white space, which the grammar allows only before `;` and around
    /// `=`.
    private var isComplete: Bool {
        switch state {
        case .name, .token, .afterQuoted: true
        case .beforeName, .blankAfterName, .beforeValue, .quoted, .escaped, .blankAfterValue: false
        }
    }

    /// The state after `byte`, or nil when the grammar does not allow it.
    private func next(_ byte: UInt8) -> State? {
        let isBlank = Grammar.isBlank(byte)
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
