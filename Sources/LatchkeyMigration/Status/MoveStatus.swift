package import LatchkeyCore

/// The state of a whole move. Pure.
package struct MoveStatus: Sendable {
    /// One secret.
    package struct Line: Sendable {
        package var secret: SourceSecret
        /// The name of the parameter.
        package var target: String
        package var state: SecretMigrationState
        package var hasParameter: Bool
        /// Whether AWS refused to let the parameter be read.
        package var isRefused: Bool
        /// The time of the last journal entry about it.
        package var at: WallTime?
    }

    package let lines: [Line]
    package let journal: Journal
    package let fleet: FleetID
    /// The value of `<prefix>/latchkey/backend`; nil if it does not exist.
    package let backend: FleetBackend?
    /// The secrets that brokers read from Secrets Manager while the backend is Parameter Store.
    package let kept: KeptList
    /// What a broker has measured; nil if none was asked.
    package let counters: BrokerCounters?
    /// The manifest of a complete backup; nil if there is none.
    package let backup: BackupManifest?
    package let now: WallTime
    /// The days that a cleanup waits after the cut-over.
    package let minDays: Int

    /// - Parameters:
    ///   - secrets: as they are described now, each with its parameter's name.
    ///   - versions: the versions of the existing parameters.
    ///   - refused: the parameters that AWS refused to let be read.
    package init(
        secrets: [(secret: SourceSecret, target: String)], versions: [String: Int64], refused: Set<String> = [],
        journal: Journal, fleet: FleetID, backend: FleetBackend?, kept: KeptList = KeptList(names: []),
        counters: BrokerCounters?, backup: BackupManifest?, now: WallTime, minDays: Int
    ) {
        let names = Set(kept.names)
        lines = secrets.map { secret, target in
            let isRefused = refused.contains(target)
            let state = SecretMigrationState(
                secret, target: target, version: versions[target], isRefused: isRefused, journal)
            return Line(
                secret: secret, target: target,
                state: names.contains(secret.name) && state.mayBeKept ? .kept : state,
                hasParameter: versions[target] != nil, isRefused: isRefused, at: journal.items[target]?.at)
        }
        self.kept = kept
        self.journal = journal
        self.fleet = fleet
        self.backend = backend
        self.counters = counters
        self.backup = backup
        self.now = now
        self.minDays = minDays
    }

    /// The number of secrets in this state.
    package func count(_ state: SecretMigrationState) -> Int { lines.count { $0.state == state } }

    /// The number of secrets whose value is in Parameter Store.
    package var movedCount: Int { lines.count { $0.state.isMoved } }

    /// The number of secrets that a copy still has to move.
    package var uncopiedCount: Int { lines.count { $0.state.wantsCopy } }

    /// Whether everything that can be moved is moved.
    package var isCopied: Bool { movedCount > 0 && uncopiedCount == 0 && count(.refused) == 0 }

    /// The number of secrets, moved or to be copied, whose current version is not in the backup.
    package var withoutBackupCount: Int {
        let held = Set(backup?.entries.map { [$0.name, $0.versionID] } ?? [])
        return lines.count { line in
            guard line.state == .moved || line.state.wantsCopy, let version = line.secret.versionID else {
                return false
            }
            return !held.contains([line.secret.name, version])
        }
    }

    /// Whether there is a backup, and it has everything that is moved.
    package var hasBackup: Bool { backup != nil && withoutBackupCount == 0 }

    /// When the fleet was cut over to Parameter Store.
    package var cutOverSince: WallTime? { journal.cutOverSince(fleet.parameter) }

    /// Whether the last verify or gate was clean and covered everything that was moved. Its age does not matter here.
    package var isProven: Bool {
        switch CutoverProof(journal, of: fleet, now: now) {
        case .holds, .stale: true
        case .none, .unclean, .elsewhere, .partial: false
        }
    }

    /// Whether the journal has a cut-over, and the parameter that the fleet follows agrees.
    package var isCutOver: Bool { cutOverSince != nil && backend == .parameterStore }

    /// The cost of secrets and replicas in Secrets Manager in a month, in US cents: if none were deleted, and now.
    package var costs: (before: Int, now: Int) {
        // The move does not save the cost of a secret that somebody else deletes.
        let all = lines.filter { line in
            let goesUnmoved = line.state == .pending || line.state == .kept && line.secret.deletion != nil
            return line.state != .lost && !goesUnmoved
        }
        let billed = all.filter { $0.secret.exists && $0.secret.deletion == nil }
        let cents = { (lines: [Line]) in lines.reduce(0) { $0 + $1.secret.billedCount } * Cost.centsPerSecret }
        return (cents(all), cents(billed))
    }
}
