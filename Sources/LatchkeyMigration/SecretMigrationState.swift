/// Where one secret stands in the move.
package enum SecretMigrationState: String, Hashable, Sendable, CaseIterable {
    /// Not copied yet.
    case open
    /// Being copied, or cut off while it was.
    case begun
    case failed
    /// Seen in its parameter, and changed in Secrets Manager since.
    case changed
    /// Seen in its parameter, which is not there any more.
    case missing
    /// Seen in its parameter, which was written by somebody since.
    case rewritten
    /// In its parameter, at its present version.
    case moved
    /// A copy has looked at it as it is and left it: something is in the way, which plan names.
    case left
    /// It stays in Secrets Manager, and brokers read it there.
    case kept
    /// It, or its parameter, may not be looked at.
    case refused
    /// Set to be deleted by this move's cleanup.
    case deleting
    /// Set to be deleted by somebody else, and never moved.
    case pending
    /// In Parameter Store alone.
    case gone
    /// In neither store.
    case lost

    /// Whether a copy has something to do for it.
    package var wantsCopy: Bool {
        switch self {
        case .open, .begun, .failed, .changed, .missing, .rewritten: true
        case .moved, .left, .kept, .refused, .deleting, .pending, .gone, .lost: false
        }
    }

    /// Whether its value is in Parameter Store as far as it is known without reading it.
    package var isMoved: Bool {
        switch self {
        case .moved, .deleting, .gone: true
        case .open, .begun, .failed, .changed, .missing, .rewritten, .left, .kept, .refused, .pending, .lost: false
        }
    }

    /// Whether its value may be in Secrets Manager alone, so that it can be on the list of kept secrets.
    var mayBeKept: Bool {
        switch self {
        case .open, .begun, .failed, .missing, .left, .kept, .refused, .pending: true
        case .moved, .changed, .rewritten, .deleting, .gone, .lost: false
        }
    }

    /// - Parameters:
    ///   - secret: as it is described now; its value is not looked at.
    ///   - version: of the parameter; nil where there is none.
    ///   - isRefused: whether the parameter may not be read.
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
            // A copy writes down what it leaves, at the version it has seen.
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
