internal import CSignals
internal import Dispatch
internal import Glibc
package import LatchkeyCore
internal import Synchronization

/// Something that waits on a descriptor of an event loop: a listener, a connection, the loop's own wake-up.
package protocol EventHandler: AnyObject {
    /// The descriptor is ready. Level-triggered: what is left undone is reported again.
    func ready(_ readiness: Readiness, on loop: EventLoop)

    /// The turn that ``EventLoop/resumeLater(_:)`` asked for has come.
    func resumed(on loop: EventLoop)
}

extension EventHandler {
    package func resumed(on loop: EventLoop) {}
}

/// Names a registration on one loop. The generation tells a reused slot from the one meant.
package struct ChannelID: Hashable, Sendable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32

    fileprivate var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
    fileprivate init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
    fileprivate init(token: UInt64) {
        self.init(slot: UInt32(truncatingIfNeeded: token), generation: UInt32(token >> 32))
    }
}

/// Names an object that lives on a loop without a descriptor of its own: a server's worker, a client's pool.
package struct LoopObjectID: Hashable, Sendable {
    private static let serial = Atomic<Int>(0)
    private let number: Int

    /// A key nobody else has.
    package init() { number = Self.serial.add(1, ordering: .relaxed).newValue }
}

/// One thread's worth of sockets: waits in epoll, calls the handlers that are ready (the inbox of other threads is one
/// of them), then those that asked for another turn, then what is due.
///
/// Not `Sendable`, and so confined to its thread: everything registered here runs here and needs no lock. Other
/// threads hold the ``LoopHandle`` and a ``ChannelID``.
package final class EventLoop {
    /// How other threads reach this loop.
    package let handle: LoopHandle

    /// The monotonic clock as of this turn's start: one reading for all that one turn does.
    package private(set) var now: MonotonicTime = .current

    /// Objects confined to this loop that jobs from other threads have to find again.
    package var residents: [LoopObjectID: AnyObject] = [:]

    private let poller: Poller
    private var slots: [(generation: UInt32, handler: (any EventHandler)?)] = []
    private var freeSlots: [UInt32] = []
    private var deadlines = DeadlineQueue<(EventLoop) -> Void>()
    private var resumptions = ResumptionQueue()
    private var stopped = false

    private init(handle: LoopHandle) throws(SystemError) {
        self.handle = handle
        poller = try Poller()
        try poller.add(handle.inbox.wakeUp.descriptor, token: .max, interest: .read)
    }

    /// Starts a loop on a thread of its own that Dispatch provides.
    ///
    /// - Parameters:
    ///   - name: the queue's label, seen in debuggers.
    ///   - whenStopped: runs on that thread after the last turn.
    /// - Throws: when the process has no descriptors left.
    package static func start(
        name: String, whenStopped: @escaping @Sendable () -> Void = {}
    ) throws(SystemError) -> LoopHandle {
        let handle = LoopHandle(inbox: try LoopInbox())
        DispatchQueue(label: name, qos: .userInitiated).async {
            latchkey_crash_stack()
            // Fails only when descriptors ran out between the inbox's and epoll's own; a loop that never answers
            // is then stopped, and whoever submits to it is told so.
            if let loop = try? EventLoop(handle: handle) { loop.run() }
            handle.inbox.close()
            whenStopped()
        }
        return handle
    }

    // MARK: Descriptors

    /// Calls `handler` whenever `descriptor` is ready for `interest`.
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

    /// Changes what a registration waits for. An empty interest leaves errors and hang-ups alone.
    package func setInterest(_ interest: Readiness, of id: ChannelID, descriptor: Int32) {
        // Cannot fail for a descriptor that is registered and open, and the callers own theirs.
        try? poller.modify(descriptor, token: id.token, interest: interest)
    }

    /// Ends a registration. Events already taken from the kernel for it are dropped.
    package func unregister(_ id: ChannelID, descriptor: Int32) {
        guard handler(for: id) != nil else { return }
        poller.remove(descriptor)
        slots[Int(id.slot)].handler = nil
        slots[Int(id.slot)].generation &+= 1
        freeSlots.append(id.slot)
    }

    /// Who is registered under `id`, or nil when that registration has ended.
    package func handler(for id: ChannelID) -> (any EventHandler)? {
        guard Int(id.slot) < slots.count, slots[Int(id.slot)].generation == id.generation else { return nil }
        return slots[Int(id.slot)].handler
    }

    // MARK: Time

    /// Runs `action` on this loop once `time` has come, never earlier.
    @discardableResult
    package func schedule(at time: MonotonicTime, _ action: @escaping (EventLoop) -> Void) -> TimerID {
        deadlines.insert(action, at: time)
    }

    /// Takes back a scheduled action; one that has run is no error.
    package func cancel(_ timer: TimerID) { deadlines.cancel(timer) }

    // MARK: Fairness

    /// The time that resumed handlers together may take before the loop looks at its descriptors again.
    private static let resumptionTime: Duration = .milliseconds(1)

    /// Calls ``EventHandler/resumed(on:)`` of `id` after everybody who is ready or who asked before has had a turn. For
    /// a handler that has more to do than is fair to do at once.
    package func resumeLater(_ id: ChannelID) { resumptions.append(id) }

    private func runResumptions() {
        let end = MonotonicTime.current + Self.resumptionTime
        resumptions.beginRound()
        while !stopped, let id = resumptions.next() {
            handler(for: id)?.resumed(on: self)
            if MonotonicTime.current >= end { return }
        }
    }

    // MARK: Turning

    private func run() {
        while !stopped { turn() }
        slots.removeAll()
        residents.removeAll()
    }

    /// One turn. A function of its own, so that its temporaries end with it whatever the loop around it does.
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
        while !stopped, let action = deadlines.popDue(at: now) { action(self) }
    }

    private func runInbox() {
        let (jobs, stop) = handle.inbox.take()
        for job in jobs { job(self) }
        if stop { stopped = true }
    }
}
