package import LatchkeyCore

/// Where a whole move stands, and what comes next. Pure.
package struct MoveStatus: Sendable {
    /// One secret.
    package struct Line: Sendable {
        package var secret: SourceSecret
        package var target: String
        package var standing: SecretMigrationState
        /// Its parameter is there.
        package var hasParameter: Bool
        /// Its parameter may not be read.
        package var isRefused: Bool
        /// When the journal last had something of it.
        package var at: WallTime?
    }

    package let lines: [Line]
    package let journal: Journal
    /// Whose move it is.
    package let place: FleetID
    /// What the parameter that brokers of backend `auto` follow says; nil where there is none.
    package let backend: BackendInForce?
    /// The secrets that brokers read from Secrets Manager while the backend is Parameter Store.
    package let kept: KeptList
    /// Of a broker; nil where none was asked.
    package let figures: BrokerCounters?
    /// A backup that is there and whole; nil for none.
    package let backup: BackupManifest?
    package let now: WallTime
    /// Days that a cleanup waits after the cut-over.
    package let minDays: Int

    /// - Parameters:
    ///   - secrets: as they are described now, each with the parameter it goes to.
    ///   - versions: of the parameters that are there.
    ///   - refused: the parameters that may not be read.
    package init(
        secrets: [(secret: SourceSecret, target: String)], versions: [String: Int64], refused: Set<String> = [],
        journal: Journal, place: FleetID, backend: BackendInForce?, kept: KeptList = KeptList(names: []),
        figures: BrokerCounters?, backup: BackupManifest?, now: WallTime, minDays: Int
    ) {
        let names = Set(kept.names)
        lines = secrets.map { secret, target in
            let isRefused = refused.contains(target)
            let standing = SecretMigrationState(
                secret, target: target, version: versions[target], isRefused: isRefused, journal)
            return Line(
                secret: secret, target: target,
                standing: names.contains(secret.name) && standing.mayBeKept ? .kept : standing,
                hasParameter: versions[target] != nil, isRefused: isRefused, at: journal.items[target]?.at)
        }
        self.kept = kept
        self.journal = journal
        self.place = place
        self.backend = backend
        self.figures = figures
        self.backup = backup
        self.now = now
        self.minDays = minDays
    }

    package func count(_ standing: SecretMigrationState) -> Int { lines.count { $0.standing == standing } }

    package var moved: Int { lines.count { $0.standing.isMoved } }
    package var wantingCopy: Int { lines.count { $0.standing.wantsCopy } }

    /// All that can be moved is.
    package var isCopied: Bool { moved > 0 && wantingCopy == 0 && count(.refused) == 0 }

    /// Secrets that were moved or are to be, and that the backup does not have at their present version.
    package var withoutBackup: Int {
        let held = Set(backup?.entries.map { [$0.name, $0.versionID] } ?? [])
        return lines.count { line in
            guard line.standing == .moved || line.standing.wantsCopy, let version = line.secret.versionID else {
                return false
            }
            return !held.contains([line.secret.name, version])
        }
    }

    /// There is a backup, and it has all that is moved.
    package var hasBackup: Bool { backup != nil && withoutBackup == 0 }

    /// Since when the fleet has been on the new store.
    package var cutOverSince: WallTime? { journal.cutOverSince(place.parameter) }

    /// The last comparison or gate was clean, and everything that was moved was in it.
    package var isProven: Bool {
        switch CutoverProof(journal, of: place, now: now) {
        case .holds, .stale: true
        case .none, .unclean, .elsewhere, .partial: false
        }
    }

    /// The fleet was turned, and the parameter it follows says so.
    package var isCutOver: Bool { cutOverSince != nil && backend == .parameterStore }

    /// US cents a month for secrets and replicas in Secrets Manager: as if none were deleted, and as it is.
    package var costs: (before: Int, now: Int) {
        // What somebody else deletes costs nothing, whether it is on the list of kept secrets or not.
        let all = lines.filter { line in
            let goesUnmoved = line.standing == .pending || line.standing == .kept && line.secret.deletion != nil
            return line.standing != .lost && !goesUnmoved
        }
        let kept = all.filter { $0.secret.exists && $0.secret.deletion == nil }
        let cents = { (lines: [Line]) in lines.reduce(0) { $0 + 1 + $1.secret.replicas.count } * Cost.centsPerSecret }
        return (cents(all), cents(kept))
    }
}
