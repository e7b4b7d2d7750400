internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Synchronization

// The profiles change while the broker runs.
extension TokenBroker {
    /// Puts other profiles in force, the default one first. Not to be called from two threads at once.
    ///
    /// A profile whose ``TokenProfile/definition`` is the same keeps its token. A token that was got for another
    /// definition is not given out from here on: memory, the flights under way and the writes that wait are dropped.
    /// Whoever waits for a flight of an older definition waits for one of the new definition instead, and is told that
    /// there is no such profile where it was removed.
    ///
    /// - Parameter profiles: at most half as many as there are places, each name once.
    package func replace(with profiles: [TokenProfile]) {
        let now = time.now()
        let ended = slots.withLock { slots in
            let change = slots.replace(with: profiles, now)
            for (id, name) in change.begun {
                probe.metrics.profile(id.index, isNamed: name)
                probe.metrics.tokenExpiry(profile: id.index, nil)
                writes?.begin(id)
            }
            names.replace(with: change.entries)
            return change.ended
        }
        for id in ended { flights.abandon(id, because: .profileChanged) }
    }
}
