package import LatchkeyCore
internal import Synchronization

/// The trusted issuers and their key sets now. Each worker keeps a copy and compares a version number, so that a
/// verification takes no lock.
///
/// After ``JWTVerdict/keyMissing(_:_:)`` a request that has not waited yet may wait until the key set was read again, and is
/// then decided anew (`RequestContext.handleAgain` in LatchkeyHTTP, `KeySets.readAgain` in LatchkeyService).
package final class LiveKeySets: Sendable {
    private let sets = Mutex<[IssuerKeySet]>([])
    private let version = Atomic<Int>(0)
    private let observer = Mutex<(@Sendable () -> Void)?>(nil)

    package init() {}

    /// Calls `action` at each ``announceChange()``, on its thread.
    package func whenChanged(_ action: @escaping @Sendable () -> Void) { observer.withLock { $0 = action } }

    /// Tells whoever waits that ``replace(with:)`` has changed something. Apart from it, because that runs inside a lock.
    package func announceChange() { observer.withLock { $0 }?() }

    /// Whether a token that was verified before would be again, as far as it depends on the key sets.
    package func trust(_ token: VerifiedJWT) -> Bool { sets.withLock { $0.contains { $0.trusts(token) } } }

    /// Replaces the issuers and their keys. Workers then verify every token anew. Nothing happens if nothing has changed.
    ///
    /// - Returns: whether something has changed, so that ``announceChange()`` is to be called.
    @discardableResult
    package func replace(with sets: [IssuerKeySet]) -> Bool {
        let isChange = self.sets.withLock { current in
            defer { current = sets }
            return current != sets
        }
        if isChange { version.add(1, ordering: .releasing) }
        return isChange
    }

    /// One worker's copy. It is confined to the thread of the worker.
    package struct Copy {
        private let source: LiveKeySets
        private var verifier: JWTVerifier
        /// The version of the issuers and keys of this copy. It grows by one with each change.
        package private(set) var version: Int

        package init(_ source: LiveKeySets) {
            self.source = source
            version = source.version.load(ordering: .acquiring)
            verifier = JWTVerifier(source.sets.withLock { $0 })
        }

        /// The version of the current issuers and keys. This copy takes them at its next use.
        package var latestVersion: Int { source.version.load(ordering: .acquiring) }

        /// The verdict on a token with the current keys.
        ///
        /// - Parameter now: the wall clock.
        package mutating func verify(_ token: UnsafeRawBufferPointer, at now: WallTime) -> JWTVerdict {
            let latest = latestVersion
            if latest != version {
                version = latest
                verifier = JWTVerifier(source.sets.withLock { $0 })
            }
            return verifier.verify(token, at: now)
        }
    }
}
