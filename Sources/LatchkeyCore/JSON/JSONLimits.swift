/// The bounds of one JSON text. Each place that reads text from outside names the limits it reads with.
///
/// The length of a text is bounded where it is received (request bodies, upstream answers, files). Work and memory are
/// linear in that length: reading keeps the bytes and 16 bytes for each value and name.
package struct JSONLimits: Hashable, Sendable {
    /// What two members of one object with the same name mean. Names are compared as bytes, after their escapes are
    /// resolved (RFC 8259 §8.3), at every level of the text.
    package enum DuplicateNames: Hashable, Sendable {
        /// The last one counts, as in ECMA-262 `JSON.parse` and most other readers.
        case lastWins
        /// The text is refused. For answers and requests whose meaning must not depend on the reader.
        case refused
    }

    /// The most arrays and objects inside one another; `[[1]]` is 2 deep.
    package var depth: Int
    /// The most values and member names together, containers included.
    package var values: Int
    package var duplicateNames: DuplicateNames

    package init(depth: Int, values: Int, duplicateNames: DuplicateNames = .lastWins) {
        self.depth = depth
        self.values = values
        self.duplicateNames = duplicateNames
    }

    /// Secrets, tokens, upstream answers and files: 64 deep, 131,072 values and names.
    package static let document = JSONLimits(depth: 64, values: 131_072)
    /// Requests of callers: 8 deep, 1,024 values and names. The largest legitimate one names 20 secrets.
    package static let request = JSONLimits(depth: 8, values: 1_024)
    /// Files that Latchkey wrote itself, as large as what they hold: 64 deep, 16,777,216 values and names.
    package static let ownFile = JSONLimits(depth: 64, values: 1 << 24)

    /// The same bounds, and no object may have two members of one name.
    package var refusingDuplicates: JSONLimits {
        var limits = self
        limits.duplicateNames = .refused
        return limits
    }
}
