/// The limits of one JSON text. Every caller that reads text from outside names its limits.
///
/// The length of a text is limited where it is received: request bodies, upstream responses, files. Reading takes time
/// and memory linear in that length: the bytes, and 16 bytes for each value and name.
package struct JSONLimits: Hashable, Sendable {
    /// What happens if two members of one object have the same name. Names are compared as bytes after their escapes
    /// are resolved (RFC 8259 §8.3), at every level.
    package enum DuplicateNames: Hashable, Sendable {
        /// The last one counts, as in ECMA-262 `JSON.parse` and most other readers.
        case lastWins
        /// The text is rejected. For responses and requests whose meaning must not depend on the reader.
        case refused
    }

    /// The most arrays and objects inside one another; `[[1]]` has a depth of 2.
    package var depth: Int
    /// The most values and member names together, arrays and objects included.
    package var values: Int
    package var duplicateNames: DuplicateNames

    package init(depth: Int, values: Int, duplicateNames: DuplicateNames = .lastWins) {
        self.depth = depth
        self.values = values
        self.duplicateNames = duplicateNames
    }

    /// Secrets, tokens, upstream responses and files: depth 64, 131,072 values and names.
    package static let document = JSONLimits(depth: 64, values: 131_072)
    /// Requests of callers: depth 8, 1,024 values and names. The largest legitimate request names 20 secrets.
    package static let request = JSONLimits(depth: 8, values: 1_024)
    /// Files that Latchkey wrote, which may be large: depth 64, 16,777,216 values and names.
    package static let ownFile = JSONLimits(depth: 64, values: 1 << 24)

    /// The same limits, and no object may have two members of one name.
    package var refusingDuplicates: JSONLimits {
        var limits = self
        limits.duplicateNames = .refused
        return limits
    }
}
