package import LatchkeyBroker
internal import LatchkeyCrypto
internal import Synchronization

/// The current keys. Each worker keeps a copy and compares a version number, so that authentication takes no lock.
package final class LiveKeys: Sendable {
    private let ring: Mutex<KeyRing>
    private let version = Atomic<Int>(0)

    package init(_ ring: KeyRing) { self.ring = Mutex(ring) }

    /// Replaces the current keys.
    package func replace(with ring: KeyRing) {
        self.ring.withLock { $0 = ring }
        version.add(1, ordering: .releasing)
    }

    /// One worker's copy.
    struct Copy {
        private let source: LiveKeys
        private var ring: KeyRing
        /// The version of the keys of this copy. It grows by one with each change.
        private(set) var version: Int

        init(_ source: LiveKeys) {
            self.source = source
            version = source.version.load(ordering: .acquiring)
            ring = source.ring.withLock { $0 }
        }

        /// The version of the current keys. This copy takes them at its next use.
        var latestVersion: Int { source.version.load(ordering: .acquiring) }

        /// The caller that `key` belongs to now.
        mutating func caller(presenting key: UnsafeRawBufferPointer) -> Caller? {
            follow()
            return ring.caller(presenting: key)
        }

        /// The caller named `id`, if `key` belongs to it now.
        mutating func caller(named id: String, presenting key: UnsafeRawBufferPointer) -> Caller? {
            follow()
            return ring.caller(named: id, presenting: key)
        }

        /// The caller named `id` and the secrets that may sign its requests now.
        mutating func signer(named id: String) -> (caller: Caller, secrets: [Secret])? {
            follow()
            return ring.signer(named: id)
        }

        private mutating func follow() {
            let latest = latestVersion
            if latest != version {
                version = latest
                ring = source.ring.withLock { $0 }
            }
        }
    }
}
