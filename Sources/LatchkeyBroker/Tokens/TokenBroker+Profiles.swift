internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Synchronization

// Profiles that change while the broker runs.
extension TokenBroker {
    /// Replaces the profiles; the default profile is first. Must not be called from two threads at once.
    ///
    /// A profile with the same ``TokenProfile/definition`` keeps its token. Tokens of other definitions are not served
    /// any more: memory, refreshes in progress and pending writes are dropped. Callers that wait for a refresh of a
    /// redefined profile wait for one of the new definition. Callers of a removed profile get `notFound`.
    ///
    /// - Parameter profiles: at most half the number of slots, each name once.
    package func replace(with profiles: [TokenProfile]) {
        let now = time.now()
        let ended = slots.withLock { slots in
            let change = slots.replace(with: profiles, now)
            for (id, name) in change.begun {
                telemetry.metrics.profile(id.index, isNamed: name)
                telemetry.metrics.tokenExpiry(profile: id.index, nil)
                writer?.begin(id)
            }
            names.replace(with: change.entries)
            return change.ended
        }
        for id in ended { refreshes.abandon(id, because: .profileChanged) }
    }
}
