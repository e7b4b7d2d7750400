package import LatchkeyBroker
package import LatchkeyCore
internal import Synchronization

/// Which profile an audience belongs to. An audience may stand in the blob, so finding out may take an upstream; an
/// answer is kept for a while, so that a client who comes again is answered without waiting. When the profiles change,
/// nothing is kept of before.
package final class AudienceCache: Sendable {
    /// Finds the profile of an audience, nil for none, by the deadline.
    package typealias Find = @Sendable (_ audience: String, MonotonicTime) async throws(UpstreamFault) -> ProfileID?

    /// How long an answer is believed: an audience that moves to another profile takes as long to follow.
    package static let lifetime: Duration = .seconds(30)
    /// Audiences kept. There are as many as profiles, but for those that have changed within ``lifetime``.
    package static let capacity = 256

    private struct Known {
        let profile: ProfileID
        let until: MonotonicTime
    }

    private struct Table {
        var known: [ExactText: Known] = [:]
        /// How often all was forgotten: an answer from before is not kept.
        var generation = 0
    }

    private let find: Find
    private let table = Mutex(Table())

    package init(find: @escaping Find) { self.find = find }

    /// The profile of an audience that was found not long ago; nil where ``profile(of:deadline:now:)`` has to be asked.
    package func cachedProfile(of audience: String, now: MonotonicTime) -> ProfileID? {
        table.withLock { table in
            guard let found = table.known[ExactText(audience)], now < found.until else { return nil }
            return found.profile
        }
    }

    /// The profiles have changed.
    package func removeAll() {
        table.withLock { table in
            table.known.removeAll()
            table.generation += 1
        }
    }

    /// The profile of an audience, nil where none has it. What is not there is not kept: callers choose those names.
    package func profile(
        of audience: String, deadline: MonotonicTime, now: MonotonicTime
    ) async throws(UpstreamFault) -> ProfileID? {
        let generation = table.withLock { $0.generation }
        guard let profile = try await find(audience, deadline) else { return nil }
        table.withLock { table in
            guard table.generation == generation else { return }
            if table.known.count >= Self.capacity { table.known.removeAll() }
            table.known[ExactText(audience)] = Known(profile: profile, until: now + Self.lifetime)
        }
        return profile
    }
}
