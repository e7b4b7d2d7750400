package import LatchkeyCore

/// A fresh secret in memory, as the answer to a request for its current version.
package struct SecretHit: Sendable {
    package let entry: SecretEntry
    /// When its store returned it, for `Age`.
    package let received: MonotonicTime

    package init(entry: SecretEntry, received: MonotonicTime) {
        self.entry = entry
        self.received = received
    }
}
