/// A secret's name as callers write it: what follows `<prefix>/`.
package struct SecretKey: Hashable, Sendable, CustomStringConvertible {
    package let name: String

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
        guard (1...512).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else { return nil }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        guard let first = segments.first, first != "auth0-cache", first != "latchkey" else { return nil }
        name = text
    }

    private init(checked name: String) { self.name = name }

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
