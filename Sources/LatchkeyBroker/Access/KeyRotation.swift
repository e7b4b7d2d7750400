package import LatchkeyCrypto

/// The accepted keys: the current one and its predecessor. Pure.
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
    package var accepted: [Secret] { [current] + (previous.map { [$0] } ?? []) }

    /// The digests of the accepted keys.
    package var digests: [Digest] { accepted.map { key in key.withBytes { SHA256.hash($0) } } }
}
