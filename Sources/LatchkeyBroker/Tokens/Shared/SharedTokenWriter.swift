internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Writes to the shared tier in the background: one write at a time per profile, and only the newest token.
///
/// A write that the tier refuses is not retried until there is another token. A write that was throttled, or that did
/// not reach the tier, is retried a few times with growing pauses, because the whole fleet waits for it.
final class SharedTokenWriter: Sendable {
    /// What to write.
    enum Work: Sendable {
        /// A token and its expiry, unless it is later than `by`.
        case pair(StoredToken, by: MonotonicTime)
        /// A new version of this replica's lease.
        case leaseUpdate(LeaseUpdate)
    }

    /// The pending work of one profile slot.
    private struct Queue {
        /// Work for an earlier epoch of the slot is dropped.
        var epoch: UInt64 = 0
        /// Does the work; nil while there is none.
        var task: Task<Void, Never>?
        /// The pause between two attempts. It is cut short when newer work arrives, or when the process drains.
        var pause: Task<Void, Never>?
        /// The newest work of each kind. The pair is written first.
        var pair: Work?
        var leaseUpdate: Work?
        /// The name of the profile.
        var name = ""

        mutating func next() -> Work? {
            defer { if pair == nil { leaseUpdate = nil } else { pair = nil } }
            return pair ?? leaseUpdate
        }
    }

    /// The maximum number of attempts for one pair. The pauses between them are 1 s, 2 s, 4 s and 8 s, each multiplied
    /// by 0.5 to 1.5.
    static let maxAttempts = 5

    private let queues: Mutex<[Queue]>
    private let tier: SharedTier
    private let timeout: Duration
    private let sleeper: Sleeper
    private let jitter: @Sendable () -> Double
    private let telemetry: TierTelemetry
    private let isDraining = Atomic<Bool>(false)

    /// - Parameters:
    ///   - slots: the number of profile slots, one more than the greatest ``ProfileID/index``.
    ///   - timeout: the timeout of one request. A pair takes two requests.
    ///   - jitter: returns a random number in [0, 1).
    init(
        _ tier: SharedTier, slots: Int, timeout: Duration, sleeper: Sleeper,
        jitter: @escaping @Sendable () -> Double, telemetry: TierTelemetry
    ) {
        self.tier = tier
        self.timeout = timeout
        self.sleeper = sleeper
        self.jitter = jitter
        self.telemetry = telemetry
        queues = Mutex([Queue](repeating: Queue(), count: slots))
    }

    /// Writes `work` for the profile called `name`, now or after the write in progress.
    func offer(_ work: Work, for profile: ProfileID, _ name: String) {
        queues.withLock { queues in
            guard queues[profile.index].epoch == profile.epoch else { return }
            queues[profile.index].name = name
            switch work {
            case .pair: queues[profile.index].pair = work
            case .leaseUpdate: queues[profile.index].leaseUpdate = work
            }
            queues[profile.index].pause?.cancel()
            guard queues[profile.index].task == nil else { return }
            queues[profile.index].task = Task { await self.work(profile.index) }
        }
    }

    /// Drops the work of earlier epochs of the slot. A write in progress is not retried.
    func begin(_ profile: ProfileID) {
        queues.withLock { queues in
            queues[profile.index].epoch = profile.epoch
            queues[profile.index].pair = nil
            queues[profile.index].leaseUpdate = nil
            queues[profile.index].pause?.cancel()
        }
    }

    /// Waits until no write is in progress for the slot, which takes no longer than one write.
    ///
    /// A write of an earlier definition then cannot follow what the current definition reads.
    func settle(_ profile: ProfileID) async {
        let task = queues.withLock { $0[profile.index].task }
        await task?.value
    }

    /// ``settle(_:)``, but until `end` at most.
    func settle(_ profile: ProfileID, by end: MonotonicTime) async {
        guard queues.withLock({ $0[profile.index].task }) != nil else { return }
        await wait(until: end) { await self.settle(profile) }
    }

    /// Ends the pauses between attempts, because the tier answers again.
    func resume() {
        queues.withLock { queues in
            for queue in queues { queue.pause?.cancel() }
        }
    }

    /// Waits until all work is done, or until `end`. Failed writes are not retried any more.
    func drain(by end: MonotonicTime) async {
        isDraining.store(true, ordering: .relaxed)
        resume()
        await wait(until: end) {
            while let task = self.queues.withLock({ $0.lazy.compactMap(\.task).first }) { await task.value }
        }
    }

    /// Returns when `work` is done, or at `end`. The work continues then.
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

    private func work(_ slot: Int) async {
        while let (work, profile, name) = next(slot) {
            switch work {
            case .pair(let pair, let end): await write(pair, by: end, profile, name)
            case .leaseUpdate(let update): await write(update, name)
            }
        }
    }

    /// The next work and its profile; nil ends the task of the slot.
    private func next(_ slot: Int) -> (Work, ProfileID, name: String)? {
        queues.withLock { queues in
            guard let work = queues[slot].next() else {
                queues[slot].task = nil
                return nil
            }
            return (work, ProfileID(slot, epoch: queues[slot].epoch), queues[slot].name)
        }
    }

    private func isSuperseded(_ profile: ProfileID) -> Bool {
        isDraining.load(ordering: .relaxed)
            || queues.withLock { queues in
                let queue = queues[profile.index]
                return queue.epoch != profile.epoch || queue.pair != nil || queue.leaseUpdate != nil
            }
    }

    private func write(_ pair: StoredToken, by end: MonotonicTime, _ profile: ProfileID, _ name: String) async {
        for attempt in 1...Self.maxAttempts {
            do throws(UpstreamFault) {
                try await tier.write(name, pair, min(end, telemetry.time.now().monotonic + timeout * 2))
                telemetry.health.wrote(tier.tier, nil)
                return
            } catch {
                telemetry.writeFailed(tier.tier, error, what: "a new token", profile: name)
                guard error.mayPass, attempt < Self.maxAttempts, !isSuperseded(profile) else { return }
            }
            await pause(.seconds(1 << (attempt - 1)) * (0.5 + jitter()), profile)
            if isSuperseded(profile) || telemetry.time.now().monotonic >= end { return }
        }
    }

    private func pause(_ length: Duration, _ profile: ProfileID) async {
        let end = telemetry.time.now().monotonic + length
        let pause = Task { await sleeper.sleep(end) }
        queues.withLock { $0[profile.index].pause = pause }
        if isSuperseded(profile) { pause.cancel() }
        await pause.value
        queues.withLock { $0[profile.index].pause = nil }
    }

    /// Not retried: replicas that do not see the update call the issuer themselves and get the same response.
    private func write(_ update: LeaseUpdate, _ name: String) async {
        do throws(UpstreamFault) {
            _ = try await tier.claim(name, update.lease, update.seen, telemetry.time.now().monotonic + timeout)
        } catch {
            telemetry.writeFailed(tier.tier, error, what: "the update of the lease", profile: name)
        }
    }
}
