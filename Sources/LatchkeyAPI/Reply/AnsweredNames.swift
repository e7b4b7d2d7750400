internal import LatchkeyBroker
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
        /// Why only the mode `observe` gives the name out; nil otherwise, and for a name that was decided about before.
        var wouldDeny: AccessReason?
    }

    let items: [Item]
    /// Whether only descriptions were given out.
    let isDescription: Bool
    /// Why only the mode `observe` gives out some of a list that has no items here; nil otherwise.
    let wouldDeny: AccessReason?

    init(_ items: [Item], isDescription: Bool = false, wouldDeny: AccessReason? = nil) {
        self.items = items
        self.isDescription = isDescription
        self.wouldDeny = wouldDeny
    }
}
