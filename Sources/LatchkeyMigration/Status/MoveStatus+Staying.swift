internal import LatchkeyCore

extension MoveStatus {
    /// The secrets that stay in Secrets Manager, whether or not the list of kept secrets has them.
    package var staying: [StayingSecret] { lines.compactMap { stayingSecret($0) } }

    /// The number of secrets that stay in Secrets Manager and that no copy has to move.
    package var leftCount: Int { lines.count { stayingSecret($0) != nil && !$0.state.wantsCopy } }

    /// The readable secrets that stay in Secrets Manager and are not on the list of kept secrets: while the fleet reads
    /// Parameter Store, callers get 404 for them.
    package var unkept: [StayingSecret] {
        let names = Set(kept.names)
        return staying.filter { !$0.isUnreadable && !names.contains($0.name) }
    }

    /// Nil for a secret that does not exist or whose value is in its parameter.
    private func stayingSecret(_ line: Line) -> StayingSecret? {
        guard line.secret.exists else { return nil }
        let item = journal.items[line.target].flatMap { $0.secret == line.secret.name ? $0 : nil }
        guard item?.state != .verified || !line.hasParameter else { return nil }
        return StayingSecret(
            name: line.secret.name, reason: reason(line, item), isUnreadable: line.secret.deletion != nil,
            isShadowed: line.hasParameter)
    }

    private func reason(_ line: Line, _ item: JournalItem?) -> String {
        if line.secret.deletion != nil { return "pending_deletion" }
        if !line.secret.denied.isEmpty || line.isRefused { return "permission" }
        if item?.state == .verified { return "parameter_missing" }
        return item?.reason ?? journal.left[line.secret.name]?.reason ?? "not_copied"
    }
}
