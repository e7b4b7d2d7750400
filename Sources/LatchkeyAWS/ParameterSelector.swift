/// Which version of a parameter is meant: what may stand behind the colon of its name (Systems Manager API Reference,
/// GetParameter, `Name`).
///
/// A text becomes a selector before a name is made with it, so that no text reads as another name.
package enum ParameterSelector: Hashable, Sendable, CustomStringConvertible {
    /// From 1 on.
    case version(Int64)
    case label(String)

    /// Bytes of a label (Systems Manager User Guide, "Working with parameter labels").
    package static let maxLabelBytes = 100

    /// A version: a whole number from 1 to 2^63 - 1, in decimal digits alone. Nil for anything else.
    package init?(version text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), number > 0
        else { return nil }
        self = .version(number)
    }

    /// A label: 1 to ``maxLabelBytes`` ASCII letters, digits, `.`, `-` and `_`. It begins with no digit and, in any case
    /// of letters, with neither `aws` nor `ssm`. Nil for anything else.
    package init?(label text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.maxLabelBytes).contains(bytes.count), bytes.allSatisfy(Self.isAllowed),
            let first = bytes.first, !(0x30...0x39).contains(first)
        else { return nil }
        let start = bytes.prefix(3).map { $0 | 0x20 }
        guard !start.elementsEqual("aws".utf8), !start.elementsEqual("ssm".utf8) else { return nil }
        self = .label(String(text))
    }

    /// Either of them, as it stands behind the colon.
    package init?(_ text: some StringProtocol) {
        guard let selector = Self(version: text) ?? Self(label: text) else { return nil }
        self = selector
    }

    /// As it stands behind the colon.
    package var description: String {
        switch self {
        case .version(let number): "\(number)"
        case .label(let label): label
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
}
