package import LatchkeyCore

/// Decides whether a cleanup may delete a secret. Pure.
package struct CleanupRules: Sendable {
    package var now: WallTime
    /// The days that must pass after the cut-over and after the last read of a secret.
    package var minDays: Int
    package var journal: Journal
    /// The parameter that the fleet follows, `<prefix>/latchkey/backend`.
    package var parameter: String
    /// The value of that parameter now; nil if it does not exist.
    package var backend: String?
    /// When that parameter was last written; nil if unknown.
    package var backendWritten: WallTime?
    /// The secrets that brokers read from Secrets Manager.
    package var kept = KeptList(names: [])
    /// The manifest of a complete backup; nil if there is none.
    package var backup: BackupManifest?

    package init(
        now: WallTime, minDays: Int, journal: Journal, parameter: String, backend: String?, backup: BackupManifest?
    ) {
        self.now = now
        self.minDays = minDays
        self.journal = journal
        self.parameter = parameter
        self.backend = backend
        self.backup = backup
    }

    private var wait: Duration { .days(minDays) }

    /// What the state of the fleet forbids. The journal has the time of the cut-over; the parameter has the current state.
    private func blocksOfFleet() -> [CleanupBlock] {
        var found: [CleanupBlock] = []
        if backend != FleetBackend.parameterStore.rawValue { found.append(.notInForce(backend)) }
        // A later write of the parameter means that somebody else switched the fleet away and back.
        if let since = journal.cutOverSince(parameter).map({ max($0, backendWritten ?? $0) }) {
            if now < since + wait { found.append(.tooSoon(until: since + wait)) }
        } else {
            found.append(.notCutOver)
        }
        return found
    }

    /// What keeps a secret; empty for one that may be deleted, and for one whose deletion is already scheduled.
    /// - Parameter hasParameter: whether the parameter that it was moved to exists.
    package func blocks(_ secret: SourceSecret, target: String, hasParameter: Bool) -> [CleanupBlock] {
        guard secret.exists else { return [.notFound] }
        guard secret.deletion == nil else { return [] }
        guard !kept.names.contains(secret.name) else { return [.kept] }
        var found: [CleanupBlock] = secret.denied.sorted().map { .denied(action: $0) }
        if let item = journal.items[target], item.state == .verified, item.secret == secret.name {
            if item.versionID != secret.versionID { found.append(.changedSince) }
        } else {
            found.append(.notMoved)
        }
        if !hasParameter { found.append(.parameterMissing) }
        if let service = secret.owningService { found.append(.ownedByService(service)) }
        if !secret.replicas.isEmpty { found.append(.replicas(secret.replicas.sorted())) }
        found += blocksOfFleet()
        // The date has no time of day: the read may have been at the end of that day.
        if let read = secret.lastAccessed, now < read + .days(1) + wait {
            found.append(.recentlyRead(on: read))
        }
        if let backup {
            let held = backup.entries.contains { $0.name == secret.name && $0.versionID == secret.versionID }
            if !held { found.append(.notInBackup) }
        } else {
            found.append(.noBackup)
        }
        return found
    }
}
