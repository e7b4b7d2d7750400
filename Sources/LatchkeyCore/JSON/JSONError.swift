/// Why a text was refused, and where. Never carries any of the text: it may be a secret.
package struct JSONError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable, CaseIterable {
        /// A byte that RFC 8259 does not allow there.
        case unexpectedByte
        /// The text ends too early; ``JSONError/offset`` is its length.
        case unexpectedEnd
        /// Bytes in a string that are not UTF-8 (RFC 8259 §8.1).
        case invalidUTF8
        /// A string whose escapes name half of a surrogate pair, so that it has no UTF-8 form, where one was needed.
        case unpairedSurrogate
        /// Two members of one object have the same name, and the limits refuse that. The offset is that of the second.
        case duplicateName
        /// More arrays and objects inside one another than ``JSONLimits/depth``.
        case tooDeep
        /// More values and names than ``JSONLimits/values``.
        case tooManyValues
        /// Over 4 GiB less one byte.
        case tooLong
    }

    package var reason: Reason
    /// Bytes from the start of the text, which is 0, to the first byte that cannot be.
    package var offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Whether the text is within the grammar, as far as it was read, and past one of our bounds.
    package var isLimit: Bool {
        switch reason {
        case .tooDeep, .tooManyValues, .tooLong: true
        case .unexpectedByte, .unexpectedEnd, .invalidUTF8, .unpairedSurrogate, .duplicateName: false
        }
    }
}

extension JSONError: CustomStringConvertible {
    /// For messages, as in `the body is not JSON at byte 11: unexpected character`.
    package var description: String {
        switch reason {
        case .unexpectedByte: "not JSON at byte \(offset): unexpected character"
        case .unexpectedEnd: "not JSON: the text ends too early, at byte \(offset)"
        case .invalidUTF8: "not JSON at byte \(offset): not UTF-8"
        case .unpairedSurrogate: "not UTF-8 text: half of a surrogate pair at byte \(offset)"
        case .duplicateName: "not accepted: the member name at byte \(offset) occurs twice in one object"
        case .tooDeep: "not accepted: nested too deep at byte \(offset)"
        case .tooManyValues: "not accepted: too many values, at byte \(offset)"
        case .tooLong: "not accepted: too long"
        }
    }
}
