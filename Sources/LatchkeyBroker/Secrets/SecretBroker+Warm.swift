package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Synchronization

// The secrets that outlive the process in the warm file.
extension SecretBroker {
    /// Grows when what the warm file should hold has changed.
    package var warmVersion: Int { state.withLock { $0.cache.warmVersion } }

    /// The current secrets in memory, most recently used first, and the stores that are known to have no blob, each with the
    /// time until which that may be relied on.
    package func warmSecrets() -> (secrets: [WarmSecret], withoutBlob: [SecretStore: WallTime]) {
        let now = time.now()
        return state.withLock { state in
            let items = SecretStore.allCases.flatMap { state.cache.items(of: $0) }.filter { $0.shape == .value }
            let secrets = items.compactMap { item -> WarmSecret? in
                guard let store = item.store, let record = state.cache.latest(item) else { return nil }
                let whole = record.whole
                return WarmSecret(
                    key: item.key, store: store,
                    fetched: FetchedSecret(
                        value: whole.value, isBinary: whole.isBinary, version: whole.version,
                        attributes: whole.attributes),
                    received: record.received.wall, staleFor: record.staleUntil - record.received.monotonic,
                    isUsed: record.isUsed)
            }
            var withoutBlob: [SecretStore: WallTime] = [:]
            for store in SecretStore.allCases {
                guard let absence = state.cache.absence(SecretQuery(.blob, store: store)) else { continue }
                withoutBlob[store] = now.wall + (absence.staleUntil - now.monotonic)
            }
            return (secrets, withoutBlob)
        }
    }

    /// Sets what is done when a store has taken something away that was served. The answer of that read waits for it.
    package func onRevocation(_ action: @escaping @Sendable () async -> Void) {
        state.withLock { $0.onRevocation = action }
    }

    /// Reads secrets of the warm file again from their stores.
    ///
    /// - Parameter completion: called once for each, on any thread.
    package func readAgain(
        _ secrets: [WarmSecret], deadline: MonotonicTime, completion: @escaping @Sendable () -> Void
    ) {
        for secret in secrets {
            let item = SecretQuery(secret.key, store: secret.store)
            read(item, .cached, for: nil, deadline: deadline) { _ in completion() }
        }
    }

    /// Puts secrets of the warm file into memory, as values beyond their TTL whose store has failed: they are served marked
    /// as stale, and read again at once. A secret that its store has returned or refused since the start is left out.
    ///
    /// - Parameter maxAge: how long after its last successful read a secret is served at most.
    /// - Returns: how many secrets are in memory now.
    package func restore(
        _ secrets: [WarmSecret], withoutBlob: [SecretStore: WallTime], maxAge: Duration
    ) -> Int {
        let now = time.now()
        var count = 0
        // The most recently used one is the last one that is put into memory.
        for secret in secrets.reversed() {
            let age = now.wall - secret.received
            // A secret from the future was read by a wrong clock, and its age is unknown.
            guard age >= .zero, age < min(secret.staleFor, maxAge),
                let source = sources.first(where: { $0.store == secret.store })
            else { continue }
            let item = SecretQuery(secret.key, store: secret.store)
            let received = Now(monotonic: now.monotonic + (.zero - age), wall: secret.received)
            let times = SecretRecord.Times(
                received: received, freshFor: .zero, staleFor: min(secret.staleFor, maxAge))
            guard let record = try? makeRecord(of: secret.fetched, item, from: source, times) else { continue }
            if secret.isUsed { _ = record.use() }
            let fault = UpstreamFault(.unavailable, upstream: secret.store.tier.upstream)
            if state.withLock({ $0.cache.restore(record, for: item, fault, now) }) { count += 1 }
        }
        for (store, until) in withoutBlob where until > now.wall {
            let left = min(until - now.wall, maxAge)
            let item = SecretQuery(.blob, store: store)
            let absence = SecretAbsence(
                item, UpstreamFault(.notFound, upstream: store.tier.upstream), now, freshFor: .zero, staleFor: left,
                jitter: 0)
            let fault = UpstreamFault(.unavailable, upstream: store.tier.upstream)
            state.withLock { $0.cache.restore(absence, for: item, fault, now) }
        }
        return count
    }
}
