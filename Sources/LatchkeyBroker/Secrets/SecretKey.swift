internal import LatchkeyCore

/// A secret's name as callers write it: what follows `<prefix>/`.
///
/// Two keys are equal if their bytes are: two spellings of one character make two names.
package struct SecretKey: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    /// Whether a store can have an item of that name. Any other key can only name a field of the blob.
    package let isItemName: Bool

    /// The blob itself, `<prefix>/secrets`.
    package static let blob = SecretKey(checked: "secrets")

    /// All there is below the prefix; for lists.
    package static let root = SecretKey(checked: "")

    /// A path below which there are keys, for lists: the prefix itself, or what stands before a further slash.
    package static func path(_ text: String) -> SecretKey? { text.isEmpty ? .root : SecretKey(text) }

    /// Nil for what can name no secret: so it is answered "not found" without asking anyone.
    ///
    /// Allowed are 1–512 letters, digits and `_ . - / + = @` (Parameter Store takes the first four marks, Secrets
    /// Manager all; AWS `PutParameter` and `CreateSecret`, Name), without empty, `.` or `..` segments. The token cache
    /// and Latchkey's own parameters stand under the prefix too and are no secrets of an application.
    package init?(_ text: String) {
        guard Self.isItemName(text) else { return nil }
        self.init(checked: text)
    }

    /// The longest key that a caller may ask for, in bytes: as long as a request line.
    package static let longestRequested = 8_192

    /// A key as a caller asks for it: a field of the blob may have any name of 1 to ``longestRequested`` bytes.
    package init?(requested text: String) {
        guard (1...Self.longestRequested).contains(text.utf8.count) else { return nil }
        name = text
        isItemName = Self.isItemName(text)
    }

    package static func == (left: Self, right: Self) -> Bool { left.name.hasSameBytes(as: right.name) }

    package func hash(into hasher: inout Hasher) { hasher.combine(ExactText(name)) }

    private static func isItemName(_ text: String) -> Bool {
        guard (1...512).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else { return false }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return false }
        return segments.first != "auth0-cache" && segments.first != "latchkey"
    }

    private init(checked name: String) {
        self.name = name
        isItemName = true
    }

    package var description: String { name }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"): true
        case UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"): true
        default: false
        }
    }
}
