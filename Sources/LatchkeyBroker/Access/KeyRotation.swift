package import LatchkeyCrypto

/// The accepted API keys: the current one and its predecessor. Pure.
package struct KeyRotation: Sendable {
    package private(set) var current: Secret
    package private(set) var previous: Secret?

    package init(_ key: Secret) { current = key }

    /// Makes `key` the current key. The key before it stays accepted until the next change.
    package mutating func accept(_ key: Secret) {
        guard key != current else { return }
        previous = current
        current = key
    }

    /// The accepted keys.
    package var ring: KeyRing { KeyRing(keys: [current] + (previous.map { [$0] } ?? [])) }
}
