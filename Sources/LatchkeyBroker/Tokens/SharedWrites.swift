internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Writes new tokens to the shared tier behind the callers' backs: one write at a time for each profile, of the
/// newest token only. A failed write is warned of and counted, and not tried again until there is another token.
final class SharedWrites: Sendable {
    private struct Lane {
        var task: Task<Void, Never>?
        var waiting: StoredToken?
    }

    private let lanes: Mutex<[Lane]>
    private let tier: SharedTier
    private let profiles: [String]
    private let timeout: Duration
    private let probe: TierProbe

    /// `timeout` bounds one request; a write is two.
    init(_ tier: SharedTier, profiles: [String], timeout: Duration, probe: TierProbe) {
        self.tier = tier
        self.profiles = profiles
        self.timeout = timeout
        self.probe = probe
        lanes = Mutex(profiles.map { _ in Lane() })
    }

    /// Has `token` written, now or once the write under way is done.
    func offer(_ token: StoredToken, for profile: ProfileID) {
        lanes.withLock { lanes in
            lanes[profile.index].waiting = token
            guard lanes[profile.index].task == nil else { return }
            lanes[profile.index].task = Task { await self.work(profile) }
        }
    }

    /// Waits until nothing is left to write.
    func drain() async {
        while let task = lanes.withLock({ $0.lazy.compactMap(\.task).first }) { await task.value }
    }

    private func work(_ profile: ProfileID) async {
        while let token = next(profile) { await write(token, profile) }
    }

    /// The next token to write; none ends the lane's task.
    private func next(_ profile: ProfileID) -> StoredToken? {
        lanes.withLock { lanes in
            guard let token = lanes[profile.index].waiting else {
                lanes[profile.index].task = nil
                return nil
            }
            lanes[profile.index].waiting = nil
            return token
        }
    }

    private func write(_ token: StoredToken, _ profile: ProfileID) async {
        let name = profiles[profile.index]
        do throws(UpstreamFault) {
            try await tier.write(name, token, probe.time.now().monotonic + timeout * 2)
            probe.health.wrote(tier.tier, nil)
        } catch {
            probe.health.wrote(tier.tier, error)
            probe.metrics.tierRequest(.token, tier.tier, .error)
            probe.log.warning(
                "a new token could not be written to the shared tier; it is served from memory",
                metadata: [
                    "profile": "\(name)", "tier": "\(tier.tier.name)", "reason": "\(error.reason)",
                    "code": "\(error.summary)",
                ])
        }
    }
}
