internal import LatchkeyAWS
package import LatchkeyBroker
internal import Synchronization

/// The current credentials and callers. Each worker keeps a copy and compares a version number, so that authentication
/// takes no lock.
package final class LiveKeys: Sendable {
    private let ring: Mutex<KeyRing>
    private let version = Atomic<Int>(0)

    package init(_ ring: KeyRing) { self.ring = Mutex(ring) }

    /// Replaces the current keys.
    package func replace(with ring: KeyRing) {
        self.ring.withLock { $0 = ring }
        version.add(1, ordering: .releasing)
    }

    /// The current keys. Takes a lock.
    package var current: KeyRing { ring.withLock { $0 } }

    /// One worker's copy.
    struct Copy {
        private let source: LiveKeys
        private(set) var ring: KeyRing
        /// The keys that were found in ``ring``. Empty after each change, so that no withdrawn key stays.
        let verified = VerifiedKeys()
        /// The signing keys of the secrets in ``ring``. Empty after each change too.
        let signingKeys = SigningKeys()
        /// The version of the keys of this copy. It grows by one with each change.
        private(set) var version: Int

        init(_ source: LiveKeys) {
            self.source = source
            version = source.version.load(ordering: .acquiring)
            ring = source.current
        }

        /// Takes the current keys. Called before each authentication, so that a request is decided with one ring.
        mutating func follow() {
            let latest = source.version.load(ordering: .acquiring)
            if latest != version {
                version = latest
                ring = source.current
                verified.removeAll()
                signingKeys.removeAll()
            }
        }
    }
}
