internal import LatchkeyCrypto

/// What a restore into Secrets Manager does with one secret of a backup.
package struct RestoreItem: Sendable {
    package enum Action: String, Hashable, Sendable {
        case create
        /// The secret has another value: the backup's becomes `AWSCURRENT`, and the other one `AWSPREVIOUS`.
        case replace
        /// The secret is scheduled for deletion: cancel that first, then compare the value.
        case undelete
        /// The secret already has the value.
        case nothing
        /// The backup has no value for the secret.
        case blocked
    }

    package var secret: SourceSecret
    package var action: Action

    /// - Parameter current: the secret as it is in Secrets Manager; nil if it does not exist.
    package init(_ secret: SourceSecret, current: SourceSecret?) {
        self.secret = secret
        guard let value = secret.value else {
            action = .blocked
            return
        }
        guard let current, current.exists else {
            action = .create
            return
        }
        if current.deletion != nil {
            action = .undelete
        } else {
            action = current.value.map { Self.isSame($0, value) } ?? false ? .nothing : .replace
        }
    }

    /// Whether both are the same bytes of the same kind.
    package static func isSame(_ one: StoredValue, _ other: StoredValue) -> Bool {
        one.isBinary == other.isBinary && one.secret == other.secret
    }
}
