package import LatchkeyCrypto

/// The API keys that are accepted: the last good one and the one before it, never an older one. Pure.
package struct KeyRotation: Sendable {
    package private(set) var current: Secret
    package private(set) var previous: Secret?

    package init(_ key: Secret) { current = key }

    /// Puts another key in force; the one that was stays good until the next change.
    package mutating func accept(_ key: Secret) {
        guard key != current else { return }
        previous = current
        current = key
    }

    /// The accepted keys.
    package var ring: KeyRing { KeyRing(keys: [current] + (previous.map { [$0] } ?? [])) }
}
