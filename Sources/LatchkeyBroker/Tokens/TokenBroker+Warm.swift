internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Synchronization

// The tokens that outlive the process in the warm file.
extension TokenBroker {
    /// What the warm file should hold of each profile.
    package func warmTokens() -> [WarmToken] {
        let now = time.now()
        return slots.withLock { slots in
            names.entries.compactMap { entry in
                guard let profile = slots.profile(entry.id) else { return nil }
                return slots.with(entry.id) { $0.warm(profile, now) } ?? nil
            }
        }
    }

    /// Changes when ``warmTokens()`` does.
    package var warmVersion: [UInt64] {
        slots.withLock { slots in slots.slots.map(\.state.warmVersion) }
    }

    /// Puts tokens of the warm file into memory, for profiles that still have the same definition and no token. They are
    /// served marked as stale until a refresh brings another one.
    ///
    /// - Returns: how many tokens are in memory now.
    package func restore(_ tokens: [WarmToken]) -> Int {
        let now = time.now()
        return slots.withLock { slots in
            var count = 0
            for warm in tokens {
                guard let id = names.entries.first(where: { $0.name.hasSameBytes(as: warm.profile) })?.id,
                    slots.profile(id)?.definition == warm.definition
                else { continue }
                let isRestored = slots.with(id) { $0.restore(warm, now) } ?? false
                guard isRestored, let token = warm.token else { continue }
                count += 1
                telemetry.metrics.tokenExpiry(profile: id.index, token.expiry.wall)
            }
            return count
        }
    }
}
