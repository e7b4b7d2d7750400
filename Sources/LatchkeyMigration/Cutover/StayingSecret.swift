internal import LatchkeyCore

/// A secret that stays in Secrets Manager at a cut-over, because its value is not in Parameter Store.
package struct StayingSecret: Hashable, Sendable {
    package var name: String
    /// Why it was not moved: the code of an obstacle, or `not_copied`, `parameter_missing`, `permission` or
    /// `pending_deletion`.
    package var reason: String
    /// Whether callers already get 404 for it, because it is scheduled for deletion.
    package var isUnreadable: Bool
    /// Whether its parameter exists with another value.
    package var isShadowed: Bool

    package init(name: String, reason: String, isUnreadable: Bool, isShadowed: Bool) {
        self.name = name
        self.reason = reason
        self.isUnreadable = isUnreadable
        self.isShadowed = isShadowed
    }
}

extension Journal {
    /// The secrets that the copies of this journal left in Secrets Manager or did not finish, sorted by name.
    package var staying: [StayingSecret] {
        let unmoved = items.values.filter { $0.state != .verified }
        return (Array(left.values) + unmoved).sorted { $0.secret.precedesInBytes($1.secret) }.map { item in
            StayingSecret(
                name: item.secret, reason: item.reason ?? "not_copied", isUnreadable: item.reason == "pending_deletion",
                isShadowed: false)
        }
    }
}
