package import LatchkeyCore

/// A rule that keeps a cleanup from deleting a secret.
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

    /// The code in JSON output.
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

    /// What keeps the secret, and what to do. Lower case.
    package var explanation: String {
        switch self {
        case .notFound: "there is no such secret: leave it out"
        case .kept:
            "brokers read it from Secrets Manager, because a cut-over with --keep put it on the list of kept secrets"
        case .notMoved: "the journal has no verified copy of it: copy and verify it first"
        case .changedSince: "it was changed after the copy: copy and verify it again"
        case .parameterMissing: "its parameter does not exist: copy it again"
        case .ownedByService(let service): "it belongs to \(service): leave it in Secrets Manager"
        case .replicas(let regions):
            "it has replicas in \(regions.joined(separator: ", ")): remove them with aws secretsmanager "
                + "remove-regions-from-replication"
        case .notCutOver:
            "the journal has no cut-over, or one that was rolled back since: run latchkey migrate cutover"
        case .notInForce(let backend):
            "brokers are told to read \(backend ?? "no store"), not \(SecretBackend.parameterStore.rawValue): run latchkey "
                + "migrate cutover"
        case .tooSoon(let until): "the cut-over is too recent: wait until \(Day.text(until)), or lower --min-days"
        case .recentlyRead(let day):
            "it was last read on \(Day.text(day)), by an application or by verify or backup: find out which, and wait"
        case .noBackup: "there is no complete backup: run latchkey migrate backup, or name one with --backup FILE"
        case .notInBackup: "the backup does not have its current version: make a new backup"
        case .denied(let action): "\(action) is refused: allow it (latchkey policy --role migrator)"
        }
    }
}
