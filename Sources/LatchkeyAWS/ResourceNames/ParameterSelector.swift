internal import LatchkeyCore

/// A version or label of a parameter, as it follows the colon in a parameter's name (Systems Manager API Reference,
/// GetParameter, `Name`).
///
/// Text from callers is parsed as a selector before it is added to a name, so that it cannot change the name.
package enum ParameterSelector: Hashable, Sendable, CustomStringConvertible {
    /// 1 or more.
    case version(Int64)
    case label(String)

    /// The most bytes of a label (Systems Manager User Guide, "Working with parameter labels").
    package static let maxLabelBytes = 100

    /// A version: a whole number from 1 to 2^63 - 1 in decimal digits. Nil for any other text.
    package init?(version text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit), let number = Int64(text), number > 0
        else { return nil }
        self = .version(number)
    }

    /// A label: 1 to ``maxLabelBytes`` ASCII letters, digits, `.`, `-` and `_`. It must not begin with a digit, nor
    /// with `aws` or `ssm` in any case. Nil for any other text.
    package init?(label text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.maxLabelBytes).contains(bytes.count), bytes.allSatisfy(Self.isAllowed),
            let first = bytes.first, !ASCII.isDigit(first)
        else { return nil }
        let start = bytes.prefix(3).map { $0 | 0x20 }
        guard !start.elementsEqual("aws".utf8), !start.elementsEqual("ssm".utf8) else { return nil }
        self = .label(String(text))
    }

    /// A version or label.
    package init?(_ text: some StringProtocol) {
        guard let selector = Self(version: text) ?? Self(label: text) else { return nil }
        self = selector
    }

    /// The text that follows the colon.
    package var description: String {
        switch self {
        case .version(let number): "\(number)"
        case .label(let label): label
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-")
    }
}
