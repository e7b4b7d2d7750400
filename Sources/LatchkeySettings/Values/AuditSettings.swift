package import LatchkeyCrypto

/// Where and how the audit log is written.
package struct AuditSettings: Sendable {
    /// What happens to a request whose line cannot be written.
    package enum OnFailure: String, Sendable, CaseIterable {
        case refuse, count
    }

    /// The path, or `stderr`.
    package var target: String
    /// Signs checkpoints; nil for none.
    package var key: Ed25519SigningKey?
    /// Whether each write is synced.
    package var isSynced = false
    package var onFailure = OnFailure.refuse

    package init(target: String) { self.target = target }
}
