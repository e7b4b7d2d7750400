package import LatchkeyBroker
package import LatchkeyCore
internal import Synchronization

/// Caches which profile an audience belongs to.
///
/// An audience may be a field of the blob, so a lookup may need a store. When the profiles change, the cache is
/// emptied.
package final class AudienceCache: Sendable {
    /// Finds the profile of an audience by the deadline, among those that the caller may have; nil if none of them has
    /// it.
    package typealias Lookup =
        @Sendable (_ audience: String, _ among: ProfileGrant, MonotonicTime) async throws(UpstreamFault) -> ProfileID?

    /// How long an entry is used. An audience that moves to another profile is noticed after that time.
    package static let lifetime: Duration = .seconds(30)
    /// Maximum number of entries. There are as many audiences as profiles for each set of profiles that a caller has, and
    /// those that changed within ``lifetime``.
    package static let capacity = 256

    private struct Key: Hashable {
        let audience: ExactText
        let among: ProfileGrant
    }

    private struct Entry {
        let profile: ProfileID
        let until: MonotonicTime
    }

    private struct Table {
        var entries: [Key: Entry] = [:]
        /// Counts how often the cache was emptied. A lookup that started before is not cached.
        var generation = 0
    }

    private let lookup: Lookup
    private let table = Mutex(Table())

    package init(lookup: @escaping Lookup) { self.lookup = lookup }

    /// The cached profile of `audience`; nil on a miss. Then call ``profile(of:deadline:now:)``.
    package func cachedProfile(
        of audience: String, among grant: ProfileGrant = .all, now: MonotonicTime
    ) -> ProfileID? {
        table.withLock { table in
            guard let found = table.entries[Key(audience: ExactText(audience), among: grant)], now < found.until else {
                return nil
            }
            return found.profile
        }
    }

    /// Empties the cache, because the profiles have changed.
    package func removeAll() {
        table.withLock { table in
            table.entries.removeAll()
            table.generation += 1
        }
    }

    /// Looks the profile up among those that the caller may have; nil if none of them has this audience. A miss is not
    /// cached, because callers choose the names.
    package func profile(
        of audience: String, among grant: ProfileGrant = .all, deadline: MonotonicTime, now: MonotonicTime
    ) async throws(UpstreamFault) -> ProfileID? {
        let generation = table.withLock { $0.generation }
        guard let profile = try await lookup(audience, grant, deadline) else { return nil }
        table.withLock { table in
            guard table.generation == generation else { return }
            if table.entries.count >= Self.capacity { table.entries.removeAll() }
            table.entries[Key(audience: ExactText(audience), among: grant)] = Entry(
                profile: profile, until: now + Self.lifetime)
        }
        return profile
    }
}
