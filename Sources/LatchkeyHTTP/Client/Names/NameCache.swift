package import LatchkeyCore
package import LatchkeyNet

/// The addresses of host names: which are known, which are being looked up, and who waits for which. Pure bookkeeping;
/// ``NameResolver`` carries out the actions.
///
/// A known address is served while it is looked up again, and for as long as no lookup brings another: a resolver that
/// is down or hangs takes no upstream away that works (the idea of RFC 8767). Names do not wait for one another: each
/// may have its lookup, and the limit on all of them is above the number of names that settings can name.
package struct NameCache {
    /// The bounds. The defaults are the product's.
    package struct Limits: Sendable {
        /// After so long an address is looked up again, behind the request that asks for it.
        package var freshFor: Duration = .seconds(30)
        /// After a lookup, a known name is not looked up again for so long, unless its addresses do not work.
        package var minLookupInterval: Duration = .seconds(1)
        /// A lookup that has taken so long may get a second one beside it.
        package var secondLookupAfter: Duration = .seconds(2)
        /// Lookups of one name at once.
        package var maxPerName = 2
        /// Lookups of all names at once, each a blocked thread.
        package var maxLookups = 128
        /// Names that have a second lookup at once. What is left of ``maxLookups``, 112, is more than the names of a
        /// broker (100 profiles, seven services of AWS, two proxies), so that a name that hangs never keeps another from
        /// its lookup.
        package var maxSecondLookups = 16
        /// Names kept. Past it the one that nobody has asked for longest is dropped.
        package var maxNames = 256

        package init() {}
    }

    /// The addresses of a name as of one lookup.
    package struct Answer: Equatable, Sendable {
        /// In the resolver's order, port 0.
        package let addresses: [SocketAddress]
        /// Counts lookups: a later one has a higher number. Zero for an address literal.
        package let generation: UInt64
    }

    package typealias WaiterID = UInt64
    package typealias LookupID = UInt64

    /// What the runner is to do.
    package enum Action: Equatable, Sendable {
        case lookUp(LookupID, name: String)
        case answer(WaiterID, Answer)
        /// The name has no address, as far as its lookup tells.
        case fail(WaiterID)
    }

    private struct Entry {
        var answer: Answer?
        /// When the last lookup ended, whatever it brought.
        var lastLookupAt: MonotonicTime?
        var refreshedAt: MonotonicTime?
        var lastUsedAt: MonotonicTime
        /// Running lookups and when each began.
        var lookups: [LookupID: MonotonicTime] = [:]
        var waiting: [WaiterID] = []
        /// Stands in ``NameCache/queue``.
        var isQueued = false
    }

    private let limits: Limits
    private var entries: [String: Entry] = [:]
    /// Names that want a lookup and have none, because too many run.
    private var queue: [String] = []
    private var running: [LookupID: String] = [:]
    private var serial: LookupID = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Lookups that run now.
    package var lookupCount: Int { running.count }

    /// Somebody needs the addresses of `name`. The answer is among the actions where the name is known; else the waiter
    /// is told when a lookup ends, or takes itself back with ``abandon(_:of:)``.
    ///
    /// - Parameter after: the generation that turned out to be of no use: only a newer answer will do.
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

    /// A waiter has gone.
    package mutating func cancel(_ waiter: WaiterID, of name: String) {
        entries[name]?.waiting.removeAll { $0 == waiter }
    }

    /// A lookup has ended.
    ///
    /// - Parameter addresses: empty where it failed: what was known before stays.
    package mutating func finished(
        _ lookup: LookupID, _ addresses: [SocketAddress], now: MonotonicTime
    ) -> [Action] {
        guard let name = running.removeValue(forKey: lookup) else { return [] }
        var actions: [Action] = []
        if var entry = entries[name] {
            entry.lookups[lookup] = nil
            entry.lastLookupAt = now
            // A lookup that hung may end after a younger one, and its answer is the older.
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

    /// Whether the name may have a lookup more, the limit on all names apart.
    private func mayLookUp(_ entry: Entry, _ now: MonotonicTime) -> Bool {
        if let youngest = entry.lookups.values.max() {
            return entry.lookups.count < limits.maxPerName && now - youngest >= limits.secondLookupAfter
                && entries.values.count { $0.lookups.count > 1 } < limits.maxSecondLookups
        }
        // Whoever waits has no address that works, and is not told to wait longer.
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

    /// Drops the name that nobody has asked for longest, where there are too many; never one that is in use.
    private mutating func evictOldest(for name: String) {
        guard entries[name] == nil, entries.count >= limits.maxNames else { return }
        let idle = entries.filter { $0.value.lookups.isEmpty && $0.value.waiting.isEmpty && !$0.value.isQueued }
        guard let oldest = idle.min(by: { $0.value.lastUsedAt < $1.value.lastUsedAt }) else { return }
        entries[oldest.key] = nil
    }
}
