internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Writes to the shared tier behind the callers' backs: one write at a time for each profile, of the newest token
/// only.
///
/// A refused write is warned of and counted, and not tried again until there is another token. One that was throttled
/// or found nobody is tried again a few times, at growing intervals: the whole fleet waits for it.
final class SharedWrites: Sendable {
    /// What is to be written.
    enum Work: Sendable {
        /// A pair, and the time after which it must not be written any more.
        case pair(StoredToken, by: MonotonicTime)
        /// Over our own lease: what the issuer wants the fleet to keep.
        case notice(Lease, seen: SharedTokenSnapshot)
    }

    private struct Lane {
        /// Work of an earlier epoch of the place is not taken.
        var epoch: UInt64 = 0
        var task: Task<Void, Never>?
        /// Between two attempts; cut short when there is something newer to write, or no time left.
        var pause: Task<Void, Never>?
        /// What is to be written next: the newest of each kind, a pair first.
        var pair: Work?
        var notice: Work?

        /// The profile that it is for, by name.
        var name = ""

        mutating func next() -> Work? {
            defer { if pair == nil { notice = nil } else { pair = nil } }
            return pair ?? notice
        }
    }

    /// Attempts at one pair; the pauses between them are 1 s, 2 s, 4 s, 8 s, give or take a half.
    static let attempts = 5

    private let lanes: Mutex<[Lane]>
    private let tier: SharedTier
    private let timeout: Duration
    private let sleeper: Sleeper
    private let chance: @Sendable () -> Double
    private let probe: TierTelemetry
    private let isDraining = Atomic<Bool>(false)

    /// `timeout` bounds one request; a pair is two. `places` is one more than the greatest ``ProfileID/index``.
    init(
        _ tier: SharedTier, places: Int, timeout: Duration, sleeper: Sleeper,
        chance: @escaping @Sendable () -> Double, probe: TierTelemetry
    ) {
        self.tier = tier
        self.timeout = timeout
        self.sleeper = sleeper
        self.chance = chance
        self.probe = probe
        lanes = Mutex([Lane](repeating: Lane(), count: places))
    }

    /// Has `work` done for the profile called `name`, now or once the write under way is over.
    func offer(_ work: Work, for profile: ProfileID, _ name: String) {
        lanes.withLock { lanes in
            guard lanes[profile.index].epoch == profile.epoch else { return }
            lanes[profile.index].name = name
            switch work {
            case .pair: lanes[profile.index].pair = work
            case .notice: lanes[profile.index].notice = work
            }
            lanes[profile.index].pause?.cancel()
            guard lanes[profile.index].task == nil else { return }
            lanes[profile.index].task = Task { await self.work(profile.index) }
        }
    }

    /// Writes nothing more of earlier epochs of the place. A write that is under way is not tried again.
    func begin(_ profile: ProfileID) {
        lanes.withLock { lanes in
            lanes[profile.index].epoch = profile.epoch
            lanes[profile.index].pair = nil
            lanes[profile.index].notice = nil
            lanes[profile.index].pause?.cancel()
        }
    }

    /// Returns once no write is under way for the place: what an earlier definition has begun to write does not come
    /// after what the present one reads. That takes no longer than a write may take.
    func settle(_ profile: ProfileID) async {
        let task = lanes.withLock { $0[profile.index].task }
        await task?.value
    }

    /// The same, and no longer than until `end`.
    func settle(_ profile: ProfileID, by end: MonotonicTime) async {
        guard lanes.withLock({ $0[profile.index].task }) != nil else { return }
        await wait(until: end) { await self.settle(profile) }
    }

    /// The tier answers again: who pauses between two attempts goes on.
    func goOn() {
        lanes.withLock { lanes in
            for lane in lanes { lane.pause?.cancel() }
        }
    }

    /// Waits until nothing is left to write, or until `end`; what failed is not tried again.
    func drain(by end: MonotonicTime) async {
        isDraining.store(true, ordering: .relaxed)
        goOn()
        await wait(until: end) {
            while let task = self.lanes.withLock({ $0.lazy.compactMap(\.task).first }) { await task.value }
        }
    }

    /// Returns when `work` is done, or at `end`; the work goes on then.
    private func wait(until end: MonotonicTime, for work: @escaping @Sendable () async -> Void) async {
        let (events, event) = AsyncStream.makeStream(of: Void.self)
        let timer = Task {
            await sleeper.sleep(end)
            event.yield()
        }
        Task {
            await work()
            event.yield()
        }
        for await _ in events { break }
        timer.cancel()
    }

    private func work(_ place: Int) async {
        while let (work, profile, name) = next(place) {
            switch work {
            case .pair(let pair, let end): await write(pair, by: end, profile, name)
            case .notice(let lease, let seen): await write(lease, seen, name)
            }
        }
    }

    /// The next work, and whose it is; none ends the lane's task.
    private func next(_ place: Int) -> (Work, ProfileID, name: String)? {
        lanes.withLock { lanes in
            guard let work = lanes[place].next() else {
                lanes[place].task = nil
                return nil
            }
            return (work, ProfileID(place, epoch: lanes[place].epoch), lanes[place].name)
        }
    }

    private func isSuperseded(_ profile: ProfileID) -> Bool {
        isDraining.load(ordering: .relaxed)
            || lanes.withLock { lanes in
                let lane = lanes[profile.index]
                return lane.epoch != profile.epoch || lane.pair != nil || lane.notice != nil
            }
    }

    private func write(_ pair: StoredToken, by end: MonotonicTime, _ profile: ProfileID, _ name: String) async {
        for attempt in 1...Self.attempts {
            do throws(UpstreamFault) {
                try await tier.write(name, pair, min(end, probe.time.now().monotonic + timeout * 2))
                probe.health.wrote(tier.tier, nil)
                return
            } catch {
                probe.wroteNot(tier.tier, error, what: "a new token", profile: name)
                guard error.mayPass, attempt < Self.attempts, !isSuperseded(profile) else { return }
            }
            await pause(.seconds(1 << (attempt - 1)) * (0.5 + chance()), profile)
            if isSuperseded(profile) || probe.time.now().monotonic >= end { return }
        }
    }

    private func pause(_ length: Duration, _ profile: ProfileID) async {
        let end = probe.time.now().monotonic + length
        let pause = Task { await sleeper.sleep(end) }
        lanes.withLock { $0[profile.index].pause = pause }
        if isSuperseded(profile) { pause.cancel() }
        await pause.value
        lanes.withLock { $0[profile.index].pause = nil }
    }

    /// Siblings who do not see it ask the issuer themselves and are told the same.
    private func write(_ lease: Lease, _ seen: SharedTokenSnapshot, _ name: String) async {
        do throws(UpstreamFault) {
            _ = try await tier.claim(name, lease, seen, probe.time.now().monotonic + timeout)
        } catch {
            probe.wroteNot(tier.tier, error, what: "the issuer's wish", profile: name)
        }
    }
}
