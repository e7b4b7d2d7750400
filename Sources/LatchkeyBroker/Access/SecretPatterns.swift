internal import LatchkeyCore

/// The secrets that a caller may have, as patterns of their names.
///
/// `*` is any part of a segment and `**` any part of a name; a pattern after `!` takes away what others give. The whole
/// blob, `secrets`, is matched by the pattern `secrets` alone, because it has the values of all its fields.
package struct SecretPatterns: Sendable {
    /// Why a name is not matched.
    package enum Mismatch: Hashable, Sendable {
        /// No pattern gives the name.
        case noPattern
        /// A pattern with `!` takes it away.
        case excluded
    }

    private let given: [TextPattern]
    private let excluded: [TextPattern]
    private let everything: Bool

    /// Every secret, the blob included.
    package static let all = SecretPatterns(given: [], excluded: [], everything: true)

    private init(given: [TextPattern], excluded: [TextPattern], everything: Bool) {
        self.given = given
        self.excluded = excluded
        self.everything = everything
    }

    /// - Parameter texts: the patterns as they are written, those with `!` too.
    package init(_ texts: [String]) {
        let exclamation = UInt8(ascii: "!")
        self.init(
            given: texts.filter { $0.utf8.first != exclamation }.map { TextPattern($0, .segments) },
            excluded: texts.filter { $0.utf8.first == exclamation }.map {
                TextPattern(String(Substring($0.utf8.dropFirst())), .segments)
            }, everything: false)
    }

    /// Whether every secret is given.
    package var isEverything: Bool { everything }

    /// The first pattern that gives the secret, to explain a decision; nil if none does.
    package func pattern(for name: String) -> String? { Self.first(of: given, matching: name) }

    /// The first pattern that takes the secret away, without its `!`; nil if none does.
    package func exclusion(of name: String) -> String? { Self.first(of: excluded, matching: name) }

    private static func first(of patterns: [TextPattern], matching name: String) -> String? {
        let isBlob = name.hasSameBytes(as: SecretKey.blob.name)
        return patterns.first { (!isBlob || $0.isLiteral) && $0.matches(name) }?.text
    }

    /// Why the caller may not have the secret; nil if it may.
    package func mismatch(_ name: String) -> Mismatch? {
        if everything { return nil }
        var name = name
        let isBlob = name.hasSameBytes(as: SecretKey.blob.name)
        return name.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            let matches = { (pattern: TextPattern) in (!isBlob || pattern.isLiteral) && pattern.matches(bytes) }
            if excluded.contains(where: matches) { return .excluded }
            return given.contains(where: matches) ? nil : .noPattern
        }
    }
}
