internal import LatchkeyCore

/// A secret that a cut-over leaves in Secrets Manager: its value is not in Parameter Store.
package struct StayingSecret: Hashable, Sendable {
    package var name: String
    /// Why it was not moved, in one word: the code of an obstacle, or `not_copied`, `parameter_missing`, `permission`,
    /// `pending_deletion`.
    package var reason: String
    /// Callers get 404 for it now: it waits for its deletion.
    package var isUnreadable: Bool
    /// The parameter of its name is there with something else.
    package var isShadowed: Bool

    package init(name: String, reason: String, isUnreadable: Bool, isShadowed: Bool) {
        self.name = name
        self.reason = reason
        self.isUnreadable = isUnreadable
        self.isShadowed = isShadowed
    }
}

extension MoveStatus {
    /// What stays in Secrets Manager, whether it is on the list of kept secrets or not.
    package var staying: [StayingSecret] { lines.compactMap { stay(of: $0) } }

    /// How many stay there that no copy is to move.
    package var left: Int { lines.count { stay(of: $0) != nil && !$0.standing.wantsCopy } }

    /// What stays there and can be read, and is read by nobody once the fleet reads Parameter Store.
    package var unkept: [StayingSecret] {
        let names = Set(kept.names)
        return staying.filter { !$0.isUnreadable && !names.contains($0.name) }
    }

    private func stay(of line: Line) -> StayingSecret? {
        guard line.secret.exists else { return nil }
        let item = journal.items[line.target].flatMap { $0.secret == line.secret.name ? $0 : nil }
        guard item?.state != .verified || !line.hasParameter else { return nil }
        let reason =
            line.secret.deletion != nil
            ? "pending_deletion"
            : !line.secret.denied.isEmpty || line.isRefused
                ? "permission"
                : item?.state == .verified
                    ? "parameter_missing" : item?.reason ?? journal.left[line.secret.name]?.reason ?? "not_copied"
        return StayingSecret(
            name: line.secret.name, reason: reason, isUnreadable: line.secret.deletion != nil,
            isShadowed: line.hasParameter)
    }
}

extension Journal {
    /// What the last copies have left in Secrets Manager, or did not bring to its end, by name.
    package var staying: [StayingSecret] {
        let unmoved = items.values.filter { $0.state != .verified }
        return (Array(left.values) + unmoved).sorted { $0.secret.precedesInBytes($1.secret) }.map { item in
            StayingSecret(
                name: item.secret, reason: item.reason ?? "not_copied", isUnreadable: item.reason == "pending_deletion",
                isShadowed: false)
        }
    }
}
