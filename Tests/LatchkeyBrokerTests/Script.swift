import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Synchronization

/// A point a scripted upstream stops at until the test opens it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var stopped: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    /// Returns once the gate is open.
    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.stopped.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let stopped = state.withLock { state in
            state.isOpen = true
            defer { state.stopped = [] }
            return state.stopped
        }
        for each in stopped { each.resume() }
    }
}

/// Collects values from any thread; a test awaits as many as it expects.
final class Inbox<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value] = []
        var waiting: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    var values: [Value] { state.withLock { $0.values } }
    var count: Int { state.withLock { $0.values.count } }

    func put(_ value: Value) {
        let ready = state.withLock { state in
            state.values.append(value)
            let count = state.values.count
            let ready = state.waiting.filter { $0.count <= count }
            state.waiting.removeAll { $0.count <= count }
            return ready.map(\.1)
        }
        for each in ready { each.resume() }
    }

    /// The values, once there are `count` of them.
    @discardableResult
    func first(_ count: Int) async -> [Value] {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if state.values.count < count { state.waiting.append((count, continuation)) }
                return state.values.count >= count
            }
            if ready { continuation.resume() }
        }
        return values
    }
}

/// Answers calls from a list, the last answer for ever; counts them, and stops each at a gate if there is one.
final class Script<Answer: Sendable>: Sendable {
    private let answers: Mutex<[Result<Answer, UpstreamFault>]>
    private let gate: Mutex<Gate?>
    /// One value a call, in order: whatever it was called with.
    let calls = Inbox<String>()

    init(_ answers: Result<Answer, UpstreamFault>..., gate: Gate? = nil) {
        self.answers = Mutex(answers)
        self.gate = Mutex(gate)
    }

    func then(_ answers: Result<Answer, UpstreamFault>..., gate: Gate? = nil) {
        self.answers.withLock { $0 = answers }
        self.gate.withLock { $0 = gate }
    }

    func answer(_ what: String) async throws(UpstreamFault) -> Answer {
        calls.put(what)
        if let gate = gate.withLock({ $0 }) { await gate.pass() }
        let next = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
        guard let next else { throw UpstreamFault(.unavailable, code: "script-is-empty") }
        return try next.get()
    }
}

/// A sleeper that wakes when the test moves the clock.
final class ManualSleeper: Sendable {
    private let sleeping = Mutex<[Int: (MonotonicTime, CheckedContinuation<Void, Never>)]>([:])
    private let lastID = Mutex(0)
    private let clock: ManualClock

    init(_ clock: ManualClock) { self.clock = clock }

    var sleeper: Sleeper {
        Sleeper { deadline in
            let id = self.lastID.withLock { last in
                last += 1
                return last
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isDue = self.sleeping.withLock { sleeping in
                        if self.clock.now.monotonic >= deadline || Task.isCancelled { return true }
                        sleeping[id] = (deadline, continuation)
                        return false
                    }
                    if isDue { continuation.resume() }
                }
            } onCancel: {
                self.sleeping.withLock { $0.removeValue(forKey: id)?.1 }?.resume()
            }
        }
    }

    /// Moves the clock, then wakes whoever is due.
    func advance(by duration: Duration) {
        clock.advance(by: duration)
        let now = clock.now.monotonic
        let due = sleeping.withLock { sleeping in
            let due = sleeping.filter { $0.value.0 <= now }
            for id in due.keys { sleeping[id] = nil }
            return due.values.map(\.1)
        }
        for each in due { each.resume() }
    }
}
