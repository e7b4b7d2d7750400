internal import LatchkeyMetrics

/// What one answer says about each of the names that it was asked for, for the audit log.
final class AnsweredNames: Sendable {
    struct Item: Sendable {
        let name: String
        /// The version that was given out.
        var version: String?
        /// The store that it came from.
        var source: Tier?
        /// The code of the problem; nil if the name was given out.
        var reason: String?
    }

    let items: [Item]
    /// Whether only descriptions were given out.
    let isDescription: Bool

    init(_ items: [Item], isDescription: Bool = false) {
        self.items = items
        self.isDescription = isDescription
    }
}
