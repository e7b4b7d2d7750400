package import LatchkeyCore

/// A condition on what a store with conditional writes (DynamoDB) holds.
///
/// The DynamoDB adapter turns it into a condition expression. The fleet simulation evaluates it with ``holds(for:)``.
package enum WriteCondition: Hashable, Sendable {
    case noToken
    case tokenVersion(Int64)
    /// The stored token expires before this time, in milliseconds since the epoch.
    case tokenExpiresBefore(Int64)
    case noLease
    case leaseVersion(Int64)
    /// This value, which is not a version, is stored in place of the lease's version.
    case unreadableLease(JSON)

    /// Whether a store with this content accepts the write.
    package func holds(for stored: SharedTokenSnapshot) -> Bool {
        switch self {
        case .noToken: stored.version == 0
        case .tokenVersion(let version): stored.version == version
        case .tokenExpiresBefore(let time): stored.pair?.expiryTime.map { $0.milliseconds < time } ?? false
        case .noLease: stored.leaseVersion == 0 && stored.unreadableLease == nil
        case .leaseVersion(let version): stored.leaseVersion == version
        case .unreadableLease(let value): stored.unreadableLease == value
        }
    }
}

extension StoredToken {
    /// The conditions of which one has to hold so that the token may be written.
    ///
    /// It may replace the version that was read. Otherwise it may replace only a token that expires earlier, so that a
    /// delayed write does not undo a newer one.
    package var writeConditions: [WriteCondition] {
        [.noToken, .tokenVersion(after), .tokenExpiresBefore(expiryTime?.milliseconds ?? 0)]
    }
}
