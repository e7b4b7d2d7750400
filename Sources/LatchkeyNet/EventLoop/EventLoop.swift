internal import CSignals
internal import Dispatch
internal import Glibc
package import LatchkeyCore

/// The event loop of one thread. A turn waits in epoll, calls the handlers that are ready, runs the jobs of other
/// threads, then the handlers that requested another turn, then the scheduled actions that are due.
///
/// Not `Sendable` and so confined to its thread: its handlers run on this thread and need no locks. Other threads hold
/// the ``LoopHandle`` and a ``ChannelID``.
package final class EventLoop {
    /// The reference for other threads.
    package let handle: LoopHandle

    /// The monotonic clock at the start of this turn. One reading serves the whole turn.
    package private(set) var now: MonotonicTime = .current

    /// Objects that are confined to this loop. Jobs of other threads find them here by their ids.
    package var loopObjects: [LoopObjectID: AnyObject] = [:]

    /// Runs at the end of each turn, before the loop waits again: the place for work that all handlers of a turn share.
    package var turnEnded: ((EventLoop) -> Void)?

    private let poller: Poller
    private var slots: [(generation: UInt32, handler: (any EventHandler)?)] = []
    private var freeSlots: [UInt32] = []
    private var deadlines = DeadlineQueue<(EventLoop) -> Void>()
    private var resumptions = ResumptionQueue()
    private var isStopped = false

    private init(handle: LoopHandle) throws(SystemError) {
        self.handle = handle
        poller = Poller(epoll: handle.inbox.epoll.descriptor)
        try poller.add(handle.inbox.wakeUp.descriptor, token: .max, interest: .read)
    }

    /// Starts a loop on a thread of its own, which Dispatch provides.
    ///
    /// - Parameters:
    ///   - name: the label of the queue, which debuggers show.
    ///   - whenStopped: runs on the loop's thread after the last turn.
    /// - Throws: if no descriptor is left for the eventfd or the epoll instance.
    package static func start(
        name: String, whenStopped: @escaping @Sendable () -> Void = {}
    ) throws(SystemError) -> LoopHandle {
        let handle = LoopHandle(inbox: try LoopInbox())
        DispatchQueue(label: name, qos: .userInitiated).async {
            latchkey_crash_stack()
            // Fails only if the kernel has no memory. The loop is then closed, and `submit` returns false.
            if let loop = try? EventLoop(handle: handle) { loop.run() }
            handle.inbox.close()
            whenStopped()
        }
        return handle
    }

    // MARK: Descriptors

    /// Calls `handler` when `descriptor` is ready for `interest`.
    package func register(
        _ handler: any EventHandler, descriptor: Int32, interest: Readiness
    ) throws(SystemError) -> ChannelID {
        let slot: UInt32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = UInt32(slots.count)
            slots.append((generation: 0, handler: nil))
        }
        let id = ChannelID(slot: slot, generation: slots[Int(slot)].generation)
        do {
            try poller.add(descriptor, token: id.token, interest: interest)
        } catch {
            freeSlots.append(slot)
            throw error
        }
        slots[Int(slot)].handler = handler
        return id
    }

    /// Changes the events of a registration. With an empty interest errors and hang-ups are still reported.
    package func setInterest(_ interest: Readiness, of id: ChannelID, descriptor: Int32) {
        // Cannot fail: the caller owns the descriptor, which is open and registered.
        try? poller.modify(descriptor, token: id.token, interest: interest)
    }

    /// Ends a registration. Its events that epoll has already returned are dropped.
    package func unregister(_ id: ChannelID, descriptor: Int32) {
        guard handler(for: id) != nil else { return }
        poller.remove(descriptor)
        slots[Int(id.slot)].handler = nil
        slots[Int(id.slot)].generation &+= 1
        freeSlots.append(id.slot)
    }

    /// The handler of a registration; nil if the registration has ended.
    package func handler(for id: ChannelID) -> (any EventHandler)? {
        guard Int(id.slot) < slots.count, slots[Int(id.slot)].generation == id.generation else { return nil }
        return slots[Int(id.slot)].handler
    }

    // MARK: Time

    /// Runs `action` on this loop at `time` or soon after, never before.
    @discardableResult
    package func schedule(at time: MonotonicTime, _ action: @escaping (EventLoop) -> Void) -> TimerID {
        deadlines.insert(action, at: time)
    }

    /// Cancels a scheduled action. Does nothing if it has run.
    package func cancel(_ timer: TimerID) { deadlines.cancel(timer) }

    // MARK: Fairness

    /// The time for all resumed handlers of a turn together, after which the loop polls its descriptors again.
    private static let resumptionTime: Duration = .milliseconds(1)

    /// Calls ``EventHandler/resumed(on:)`` of `id` after the handlers that are ready and those that requested a turn
    /// before. For a handler with more work than one turn should take.
    package func resumeLater(_ id: ChannelID) { resumptions.append(id) }

    private func runResumptions() {
        let end = MonotonicTime.current + Self.resumptionTime
        resumptions.beginRound()
        while !isStopped, let id = resumptions.next() {
            handler(for: id)?.resumed(on: self)
            if MonotonicTime.current >= end { return }
        }
    }

    // MARK: Turns

    private func run() {
        while !isStopped { turn() }
        turnEnded = nil
        slots.removeAll()
        loopObjects.removeAll()
    }

    /// One turn. A separate function, because a release build may keep the temporaries of a loop body until the loop
    /// ends.
    @inline(never)
    private func turn() {
        let count = poller.wait(until: resumptions.isEmpty ? deadlines.next : now, now: now)
        now = .current
        for index in 0..<count {
            let (token, readiness) = poller.event(index)
            if token == .max {
                runInbox()
            } else {
                handler(for: ChannelID(token: token))?.ready(readiness, on: self)
            }
        }
        if !resumptions.isEmpty { runResumptions() }
        while !isStopped, let action = deadlines.popDue(at: now) { action(self) }
        turnEnded?(self)
    }

    private func runInbox() {
        let (jobs, stop) = handle.inbox.take()
        for job in jobs { job(self) }
        if stop { isStopped = true }
    }
}
