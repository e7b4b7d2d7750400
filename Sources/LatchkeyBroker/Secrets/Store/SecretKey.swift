internal import LatchkeyCore

/// The name of a secret as callers write it: the part after `<prefix>/`.
///
/// Keys are compared as bytes: two Unicode spellings of one character are different names.
package struct SecretKey: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    /// Whether a store can have an item of this name. Any other key can only be a field of the blob.
    let isItemName: Bool

    /// The blob itself, `<prefix>/secrets`.
    package static let blob = SecretKey(checked: "secrets")

    /// Everything below the prefix, for listings.
    package static let root = SecretKey(checked: "")

    /// A path for listings: the prefix itself if `text` is empty, else a path below it.
    package static func path(_ text: String) -> SecretKey? { text.isEmpty ? .root : SecretKey(text) }

    /// Nil if no secret can have this name, which is answered with "not found" without a request to a store.
    ///
    /// Allowed are 1 to 512 letters, digits and `_ . - / + = @`, without empty, `.` or `..` segments. Parameter Store
    /// allows the first four punctuation characters, Secrets Manager all of them (PutParameter and CreateSecret,
    /// `Name`). The token cache and Latchkey's own parameters are below the prefix too, and are not secrets.
    package init?(_ text: String) {
        guard Self.isItemName(text) else { return nil }
        self.init(checked: text)
    }

    /// The maximum length in bytes of a key that a caller may request, which is that of a request line.
    static let maxRequestedBytes = 8_192

    /// A key as a caller requests it. A field of the blob may have any name of 1 to ``maxRequestedBytes`` bytes.
    package init?(requested text: String) {
        guard (1...Self.maxRequestedBytes).contains(text.utf8.count) else { return nil }
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
