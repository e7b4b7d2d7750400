package import LatchkeyBroker
package import LatchkeyCore
internal import Synchronization

/// Which profile an audience belongs to. An audience may stand in the blob, so finding out may take an upstream; an
/// answer is kept for a while, so that a client who comes again is answered without waiting.
package final class Audiences: Sendable {
    /// Finds the profile of an audience, nil for none, by the deadline.
    package typealias Find = @Sendable (_ audience: String, MonotonicTime) async throws(UpstreamFault) -> ProfileID?

    /// How long an answer is believed: an audience that moves to another profile takes as long to follow.
    package static let believed: Duration = .seconds(30)
    /// Audiences kept. There are as many as profiles, but for those that have changed within ``believed``.
    package static let capacity = 256

    private struct Known {
        let profile: ProfileID
        let until: MonotonicTime
    }

    private let find: Find
    private let known = Mutex<[ExactText: Known]>([:])

    package init(find: @escaping Find) { self.find = find }

    /// The profile of an audience that was found not long ago; nil where ``profile(of:deadline:now:)`` has to be asked.
    package func known(_ audience: String, now: MonotonicTime) -> ProfileID? {
        known.withLock { known in
            guard let found = known[ExactText(audience)], now < found.until else { return nil }
            return found.profile
        }
    }

    /// The profile of an audience, nil where none has it. What is not there is not kept: callers choose those names.
    package func profile(
        of audience: String, deadline: MonotonicTime, now: MonotonicTime
    ) async throws(UpstreamFault) -> ProfileID? {
        guard let profile = try await find(audience, deadline) else { return nil }
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            known[ExactText(audience)] = Known(profile: profile, until: now + Self.believed)
        }
        return profile
    }
}
