package import LatchkeyCore

/// Why a secret is not deleted yet.
package enum CleanupBlock: Hashable, Sendable {
    case notFound
    /// Brokers read it from Secrets Manager.
    case kept
    case notMoved
    case changedSince
    case parameterMissing
    case ownedByService(String)
    case replicas([String])
    case notCutOver
    case notInForce(String?)
    case tooSoon(until: WallTime)
    case recentlyRead(on: WallTime)
    case noBackup
    case notInBackup
    case denied(action: String)

    /// One word for programs.
    package var code: String {
        switch self {
        case .notFound: "not_found"
        case .kept: "kept"
        case .notMoved: "not_moved"
        case .changedSince: "changed_since"
        case .parameterMissing: "parameter_missing"
        case .ownedByService: "owned_by_service"
        case .replicas: "replicas"
        case .notCutOver: "not_cut_over"
        case .notInForce: "not_in_force"
        case .tooSoon: "too_soon"
        case .recentlyRead: "recently_read"
        case .noBackup: "no_backup"
        case .notInBackup: "not_in_backup"
        case .denied: "permission"
        }
    }

    /// What is so, and what to do about it.
    package var explanation: String {
        switch self {
        case .notFound: "there is no such secret: leave it out"
        case .kept: "brokers read it from Secrets Manager, as migrate cutover --keep has it"
        case .notMoved: "the journal has no verified copy of it: copy and verify first"
        case .changedSince: "it was changed after the copy: copy and verify again"
        case .parameterMissing: "its parameter is not there: copy again"
        case .ownedByService(let service): "it belongs to \(service): leave it"
        case .replicas(let regions):
            "it has replicas in \(regions.joined(separator: ", ")): aws secretsmanager remove-regions-from-replication"
        case .notCutOver: "the journal has no cut-over that stands: latchkey migrate cutover"
        case .notInForce(let backend):
            "brokers are told to read \(backend ?? "nothing"), not \(BackendInForce.parameterStore.rawValue): latchkey "
                + "migrate cutover"
        case .tooSoon(let until): "the cut-over is too young: wait until \(Day.text(until)), or --min-days"
        case .recentlyRead(let day):
            "it was last read on \(Day.text(day)), by somebody or by verify and backup: find out who, and wait"
        case .noBackup: "there is no backup that is whole: latchkey migrate backup, or --backup FILE"
        case .notInBackup: "the backup does not have it at its present version: make another"
        case .denied(let action): "\(action) is refused: allow it (latchkey policy --role migrator)"
        }
    }
}

/// Whether secrets may be deleted. Pure.
package struct CleanupRules: Sendable {
    package var now: WallTime
    /// Days since the cut-over, and since the last read, that must have passed.
    package var minDays: Int
    package var journal: Journal
    /// The parameter that the fleet follows.
    package var parameter: String
    /// What that says now, whatever the journal has; nil where it is not there.
    package var backend: String?
    /// When that was last written, by whomever; nil where it is not known.
    package var backendWritten: WallTime?
    /// The secrets that brokers read from Secrets Manager.
    package var kept = KeptList(names: [])
    /// Of a backup that is there and whole; nil for none.
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

    private var wait: Duration { .seconds(86_400 * minDays) }

    /// The journal says since when; the parameter, whether it is still so.
    private func ofFleet() -> [CleanupBlock] {
        var found: [CleanupBlock] = []
        if backend != BackendInForce.parameterStore.rawValue { found.append(.notInForce(backend)) }
        // Written later than the journal has it, it was turned away and back by somebody else.
        if let since = journal.cutOverSince(parameter).map({ max($0, backendWritten ?? $0) }) {
            if now < since + wait { found.append(.tooSoon(until: since + wait)) }
        } else {
            found.append(.notCutOver)
        }
        return found
    }

    /// What keeps a secret; empty for one that may go, and for one whose deletion is set already.
    /// - Parameter hasParameter: whether the parameter it was moved to is there.
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
        found += ofFleet()
        // The date is a day's: the read may have been at its end.
        if let read = secret.lastAccessed, now < read + .seconds(86_400) + wait {
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
