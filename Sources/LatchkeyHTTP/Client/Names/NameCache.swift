package import LatchkeyCore
package import LatchkeyNet

/// A cache of the addresses of host names, with the lookups in progress and the requests that wait for them. A pure value:
/// ``NameResolver`` carries out the actions.
///
/// Expired addresses are used while a new lookup runs or fails, so that a resolver outage does not cut off a working upstream
/// (serve stale, RFC 8767). Names do not wait for one another: the limit on all lookups is above the number of names that
/// settings can contain.
package struct NameCache {
    /// The limits of a cache.
    package struct Limits: Sendable {
        /// The age at which a cached answer is refreshed, in the background of the request that uses it.
        package var freshFor: Duration = .seconds(30)
        /// The minimum time between lookups of a cached name, unless its addresses do not work.
        package var minLookupInterval: Duration = .seconds(1)
        /// The age at which a lookup in progress may get a second one in parallel.
        package var secondLookupAfter: Duration = .seconds(2)
        /// The maximum number of parallel lookups of one name.
        package var maxPerName = 2
        /// The maximum number of parallel lookups of all names, each on a blocked thread.
        package var maxLookups = 128
        /// The maximum number of names with a second lookup. The other 112 of ``maxLookups`` are more than the names of a broker
        /// (100 profiles, seven AWS services, two proxies), so that a lookup that hangs never delays another name.
        package var maxSecondLookups = 16
        /// The maximum number of cached names. The least recently used one is evicted.
        package var maxNames = 256

        package init() {}
    }

    /// The addresses of a name, as found by one lookup.
    package struct Answer: Equatable, Sendable {
        /// In the order of the resolver, with port 0.
        package let addresses: [SocketAddress]
        /// The number of the lookup: a later lookup has a higher one. 0 for an address literal.
        package let generation: UInt64
    }

    package typealias WaiterID = UInt64
    package typealias LookupID = UInt64

    /// What the caller must do.
    package enum Action: Equatable, Sendable {
        case lookUp(LookupID, name: String)
        case answer(WaiterID, Answer)
        /// The lookup found no address.
        case fail(WaiterID)
    }

    private struct Entry {
        var answer: Answer?
        /// When the last lookup ended, with or without a result.
        var lastLookupAt: MonotonicTime?
        var refreshedAt: MonotonicTime?
        var lastUsedAt: MonotonicTime
        /// The lookups in progress, with the time at which each began.
        var lookups: [LookupID: MonotonicTime] = [:]
        var waiting: [WaiterID] = []
        /// Whether the name is in ``NameCache/queue``.
        var isQueued = false
    }

    private let limits: Limits
    private var entries: [String: Entry] = [:]
    /// Names that wait for a lookup, because ``Limits/maxLookups`` are in progress.
    private var queue: [String] = []
    private var running: [LookupID: String] = [:]
    private var serial: LookupID = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// The number of lookups in progress.
    package var lookupCount: Int { running.count }

    /// Requests the addresses of `name`. For a cached name the actions contain the answer. Otherwise the waiter gets one when
    /// a lookup ends, unless it calls ``cancel(_:of:)`` first.
    ///
    /// - Parameter newerThan: the generation whose addresses did not work. Only a newer answer is returned.
    package mutating func request(
        _ name: String, for waiter: WaiterID, newerThan: UInt64? = nil, now: MonotonicTime
    ) -> [Action] {
        evictOldest(for: name)
        var entry = entries[name] ?? Entry(lastUsedAt: now)
        entry.lastUsedAt = now
        var actions: [Action] = []
        let isKnown = entry.answer.map { $0.generation > newerThan ?? 0 } ?? false
        if isKnown, let answer = entry.answer {
            actions.append(.answer(waiter, answer))
        } else {
            entry.waiting.append(waiter)
        }
        let isFresh = isKnown && entry.refreshedAt.map { now - $0 < limits.freshFor } ?? false
        entries[name] = entry
        return isFresh ? actions : actions + startLookup(name, now)
    }

    /// Removes a waiter.
    package mutating func cancel(_ waiter: WaiterID, of name: String) {
        entries[name]?.waiting.removeAll { $0 == waiter }
    }

    /// A lookup has ended.
    ///
    /// - Parameter addresses: empty when the lookup failed. Earlier addresses are kept.
    package mutating func finished(
        _ lookup: LookupID, _ addresses: [SocketAddress], now: MonotonicTime
    ) -> [Action] {
        guard let name = running.removeValue(forKey: lookup) else { return [] }
        var actions: [Action] = []
        if var entry = entries[name] {
            entry.lookups[lookup] = nil
            entry.lastLookupAt = now
            // A slow lookup may end after a newer one. Its answer is then the older one, and is ignored.
            if !addresses.isEmpty, lookup > entry.answer?.generation ?? 0 {
                entry.answer = Answer(addresses: addresses, generation: lookup)
                entry.refreshedAt = now
            }
            for waiter in entry.waiting {
                if !addresses.isEmpty, let answer = entry.answer {
                    actions.append(.answer(waiter, answer))
                } else {
                    actions.append(.fail(waiter))
                }
            }
            entry.waiting = []
            entries[name] = entry
        }
        return actions + startQueuedLookups(now)
    }

    // MARK: Lookups

    private mutating func startLookup(_ name: String, _ now: MonotonicTime) -> [Action] {
        guard var entry = entries[name], !entry.isQueued, mayLookUp(entry, now) else { return [] }
        guard running.count < limits.maxLookups else {
            entry.isQueued = true
            entries[name] = entry
            queue.append(name)
            return []
        }
        serial += 1
        entry.lookups[serial] = now
        entries[name] = entry
        running[serial] = name
        return [.lookUp(serial, name: name)]
    }

    /// Whether a lookup of the name may start, without regard to ``Limits/maxLookups``.
    private func mayLookUp(_ entry: Entry, _ now: MonotonicTime) -> Bool {
        if let youngest = entry.lookups.values.max() {
            return entry.lookups.count < limits.maxPerName && now - youngest >= limits.secondLookupAfter
                && entries.values.count { $0.lookups.count > 1 } < limits.maxSecondLookups
        }
        // A waiter has no address that works, so the lookup starts without delay.
        guard entry.waiting.isEmpty, let lastLookupAt = entry.lastLookupAt else { return true }
        return now - lastLookupAt >= limits.minLookupInterval
    }

    private mutating func startQueuedLookups(_ now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        while running.count < limits.maxLookups, !queue.isEmpty {
            let name = queue.removeFirst()
            entries[name]?.isQueued = false
            actions += startLookup(name, now)
        }
        return actions
    }

    /// Evicts the least recently used name when there are too many, but never one in use.
    private mutating func evictOldest(for name: String) {
        guard entries[name] == nil, entries.count >= limits.maxNames else { return }
        let idle = entries.filter { $0.value.lookups.isEmpty && $0.value.waiting.isEmpty && !$0.value.isQueued }
        guard let oldest = idle.min(by: { $0.value.lastUsedAt < $1.value.lastUsedAt }) else { return }
        entries[oldest.key] = nil
    }
}
