internal import LatchkeyCrypto

/// What putting one secret of a backup back into Secrets Manager would do.
package struct RestoreItem: Sendable {
    package enum Act: String, Hashable, Sendable {
        case create
        /// Another value is there; the backup's becomes the current one, and theirs the previous.
        case replace
        /// It is to be deleted: that is taken back first, and then seen to.
        case undelete
        /// It has the value.
        case nothing
        /// The backup has no value of it.
        case blocked
    }

    package var secret: SourceSecret
    package var act: Act

    /// - Parameter current: the secret as it stands; nil where there is none.
    package init(_ secret: SourceSecret, current: SourceSecret?) {
        self.secret = secret
        guard let value = secret.value else {
            act = .blocked
            return
        }
        guard let current, current.exists else {
            act = .create
            return
        }
        if current.deletion != nil {
            act = .undelete
        } else {
            act = current.value.map { Self.isSame($0, value) } ?? false ? .nothing : .replace
        }
    }

    /// The same bytes, as the same kind.
    package static func isSame(_ one: StoredValue, _ other: StoredValue) -> Bool {
        one.isBinary == other.isBinary && one.secret == other.secret
    }
}
