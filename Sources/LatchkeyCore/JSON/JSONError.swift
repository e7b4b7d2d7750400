/// Why a text was rejected, and where. Holds nothing of the text, which may be a secret.
package struct JSONError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable, CaseIterable {
        /// A byte that RFC 8259 does not allow at this place.
        case unexpectedByte
        /// The text ends too early. ``JSONError/offset`` is its length.
        case unexpectedEnd
        /// A string has bytes that are not UTF-8 (RFC 8259 §8.1).
        case invalidUTF8
        /// A string with an unpaired surrogate was needed as text and has no UTF-8 form.
        case unpairedSurrogate
        /// An object has two members of the same name, which the limits reject. The offset is that of the second.
        case duplicateName
        /// Deeper than ``JSONLimits/depth``.
        case tooDeep
        /// More values and names than ``JSONLimits/values``.
        case tooManyValues
        /// 4 GiB or longer.
        case tooLong
    }

    package var reason: Reason
    /// Bytes from the start of the text to the first byte that is not accepted.
    package var offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Whether the text follows the grammar up to ``offset`` and exceeds one of our limits there.
    package var isLimit: Bool {
        switch reason {
        case .tooDeep, .tooManyValues, .tooLong: true
        case .unexpectedByte, .unexpectedEnd, .invalidUTF8, .unpairedSurrogate, .duplicateName: false
        }
    }
}

extension JSONError: CustomStringConvertible {
    /// The end of a message, as in `the body is not JSON at byte 11: unexpected character`.
    package var description: String {
        switch reason {
        case .unexpectedByte: "not JSON at byte \(offset): unexpected character"
        case .unexpectedEnd: "not JSON: the text ends too early, at byte \(offset)"
        case .invalidUTF8: "not JSON at byte \(offset): not UTF-8"
        case .unpairedSurrogate: "not UTF-8 text: unpaired surrogate at byte \(offset)"
        case .duplicateName: "not accepted: the member name at byte \(offset) occurs twice in one object"
        case .tooDeep: "not accepted: nested too deeply at byte \(offset)"
        case .tooManyValues: "not accepted: too many values, at byte \(offset)"
        case .tooLong: "not accepted: too long"
        }
    }
}
