/// The state of one secret in the move.
package enum SecretMigrationState: String, Hashable, Sendable, CaseIterable {
    /// Not copied yet.
    case open
    /// A copy began and did not finish.
    case begun
    case failed
    /// Copied, and changed in Secrets Manager since.
    case changed
    /// Copied, but the parameter does not exist any more.
    case missing
    /// Copied, but somebody wrote the parameter since.
    case rewritten
    /// The current version is in its parameter.
    case moved
    /// A copy left the current version in Secrets Manager, because of an obstacle that `plan` names.
    case left
    /// It stays in Secrets Manager, and brokers read it there.
    case kept
    /// The secret or its parameter cannot be examined, because a permission is missing.
    case refused
    /// A cleanup of this move scheduled its deletion.
    case deleting
    /// Somebody else scheduled its deletion, and it was never moved.
    case pending
    /// Only in Parameter Store.
    case gone
    /// In neither store.
    case lost

    /// Whether a copy still has to move it.
    package var wantsCopy: Bool {
        switch self {
        case .open, .begun, .failed, .changed, .missing, .rewritten: true
        case .moved, .left, .kept, .refused, .deleting, .pending, .gone, .lost: false
        }
    }

    /// Whether its value is in Parameter Store, as far as can be told without reading it.
    package var isMoved: Bool {
        switch self {
        case .moved, .deleting, .gone: true
        case .open, .begun, .failed, .changed, .missing, .rewritten, .left, .kept, .refused, .pending, .lost: false
        }
    }

    /// Whether its value may be in Secrets Manager alone, so that the list of kept secrets may have it.
    var mayBeKept: Bool {
        switch self {
        case .open, .begun, .failed, .missing, .left, .kept, .refused, .pending: true
        case .moved, .changed, .rewritten, .deleting, .gone, .lost: false
        }
    }

    /// - Parameters:
    ///   - secret: as it is described now. Its value is not used.
    ///   - version: the version of the parameter; nil if it does not exist.
    ///   - isRefused: whether AWS refused to let the parameter be read.
    package init(
        _ secret: SourceSecret, target: String, version: Int64?, isRefused: Bool = false, _ journal: Journal
    ) {
        guard secret.denied.isEmpty, !isRefused else {
            self = .refused
            return
        }
        let item = journal.items[target].flatMap { $0.secret == secret.name ? $0 : nil }
        guard secret.exists else {
            self = version == nil ? .lost : .gone
            return
        }
        guard secret.deletion == nil else {
            self = journal.removed.contains(secret.name) ? .deleting : .pending
            return
        }
        guard let item else {
            self = journal.hasLeft(secret, at: target) ? .left : .open
            return
        }
        switch item.state {
        case .begun, .written: self = .begun
        case .failed, .left: self = .failed
        case .verified:
            if version == nil {
                self = .missing
            } else if item.versionID != secret.versionID {
                self = .changed
            } else {
                self = item.version == version ? .moved : .rewritten
            }
        }
    }
}
