internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Writes to the shared tier in the background: one write at a time per profile, and only the newest token
/// (``SharedWriteQueue``).
final class SharedTokenWriter: Sendable {
    /// The writes of one profile slot.
    private struct Slot {
        /// Writes for an earlier epoch of the slot are dropped.
        var epoch: UInt64 = 0
        /// The name of the profile.
        var name = ""
        var queue = SharedWriteQueue()
        /// Makes the writes; nil while there are none.
        var task: Task<Void, Never>?
        /// The pause between two attempts. It is cut short when newer writes arrive, or when the process drains.
        var pause: Task<Void, Never>?
    }

    private let slots: Mutex<[Slot]>
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
        self.slots = Mutex([Slot](repeating: Slot(), count: slots))
    }

    /// Makes a write for the profile called `name`, now or after the write in progress.
    func offer(_ write: SharedWrite, for profile: ProfileID, _ name: String) {
        slots.withLock { slots in
            guard slots[profile.index].epoch == profile.epoch else { return }
            slots[profile.index].name = name
            slots[profile.index].queue.offer(write)
            slots[profile.index].pause?.cancel()
            guard slots[profile.index].task == nil else { return }
            slots[profile.index].task = Task { await self.work(profile.index) }
        }
    }

    /// Drops the writes for earlier epochs of the slot. A write in progress is not retried.
    func begin(_ profile: ProfileID) {
        slots.withLock { slots in
            slots[profile.index].epoch = profile.epoch
            slots[profile.index].queue.removeAll()
            slots[profile.index].pause?.cancel()
        }
    }

    /// Waits until no write is in progress for the slot, which takes no longer than one write.
    ///
    /// A write of an earlier definition then cannot follow what the current definition reads.
    func settle(_ profile: ProfileID) async {
        let task = slots.withLock { $0[profile.index].task }
        await task?.value
    }

    /// ``settle(_:)``, but until `end` at most.
    func settle(_ profile: ProfileID, by end: MonotonicTime) async {
        guard slots.withLock({ $0[profile.index].task }) != nil else { return }
        await wait(until: end) { await self.settle(profile) }
    }

    /// Ends the pauses between attempts, because the tier answers again.
    func resume() {
        slots.withLock { slots in
            for slot in slots { slot.pause?.cancel() }
        }
    }

    /// Waits until all writes are made, or until `end`. Failed writes are not retried any more.
    func drain(by end: MonotonicTime) async {
        isDraining.store(true, ordering: .relaxed)
        resume()
        await wait(until: end) {
            while let task = self.slots.withLock({ $0.lazy.compactMap(\.task).first }) { await task.value }
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
        while let (write, profile, name) = next(slot) {
            switch write {
            case .pair(let pair, let end): await self.write(pair, by: end, profile, name)
            case .leaseUpdate(let update): await self.write(update, name)
            }
        }
    }

    /// The next write and its profile; nil ends the task of the slot.
    private func next(_ slot: Int) -> (SharedWrite, ProfileID, name: String)? {
        slots.withLock { slots in
            guard let write = slots[slot].queue.next() else {
                slots[slot].task = nil
                return nil
            }
            return (write, ProfileID(slot, epoch: slots[slot].epoch), slots[slot].name)
        }
    }

    /// Whether the current write is not retried any more.
    private func isSuperseded(_ profile: ProfileID) -> Bool {
        isDraining.load(ordering: .relaxed)
            || slots.withLock { $0[profile.index].epoch != profile.epoch || $0[profile.index].queue.hasNewer }
    }

    private func write(_ pair: StoredToken, by end: MonotonicTime, _ profile: ProfileID, _ name: String) async {
        while true {
            let fault: UpstreamFault
            do throws(UpstreamFault) {
                try await tier.write(name, pair, min(end, telemetry.time.now().monotonic + timeout * 2))
                telemetry.health.wrote(tier.tier, nil)
                return
            } catch {
                fault = error
                telemetry.writeFailed(tier.tier, error, what: "a new token", profile: name)
            }
            let jitter = jitter()
            guard !isSuperseded(profile),
                let delay = slots.withLock({ $0[profile.index].queue.retryDelay(after: fault, jitter: jitter) })
            else { return }
            await pause(delay, profile)
            if isSuperseded(profile) || telemetry.time.now().monotonic >= end { return }
        }
    }

    private func pause(_ length: Duration, _ profile: ProfileID) async {
        let end = telemetry.time.now().monotonic + length
        let pause = Task { await sleeper.sleep(end) }
        slots.withLock { $0[profile.index].pause = pause }
        if isSuperseded(profile) { pause.cancel() }
        await pause.value
        slots.withLock { $0[profile.index].pause = nil }
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
