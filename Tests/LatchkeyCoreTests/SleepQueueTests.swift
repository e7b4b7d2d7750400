import LatchkeyTestSupport
import Testing

@testable import LatchkeyCore

@Suite(.timeLimit(.minutes(20))) struct SleepQueueTests {
    private let clock = ManualClock()
    private let sleeper: ManualSleeper
    private let queue: SleepQueue

    init() {
        let (clock, sleeper) = (clock, ManualSleeper(clock))
        self.sleeper = sleeper
        queue = SleepQueue(now: { clock.now.monotonic }, wait: sleeper.sleep(until:))
    }

    /// A deadline of tasks that are cancelled before it.
    private var far: MonotonicTime { clock.now.monotonic + .seconds(86_400) }

    /// Moves the clock beyond every deadline, so that the timer of the queue ends.
    private func endTimer() { sleeper.advance(by: .seconds(200_000)) }

    /// Moves the clock on until the task is cancelled.
    private func moving() -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                sleeper.advance(by: .milliseconds(1))
                await Task.yield()
            }
        }
    }

    @Test func `Nobody wakes before its time, in whatever order they came`() async {
        let moving = moving()
        await withTaskGroup(of: Bool.self) { group in
            for milliseconds in [60, 5, 90, 30, 30, 1, 75, 0, -5] + Array(0..<100) {
                let deadline = clock.now.monotonic + .milliseconds(milliseconds)
                group.addTask {
                    await queue.sleep(until: deadline)
                    return clock.now.monotonic >= deadline
                }
            }
            for await isInTime in group { #expect(isInTime) }
        }
        moving.cancel()
        #expect(queue.count == 0)
    }

    @Test func `A later sleep is not delayed by one that is cancelled`() async {
        let start = clock.now.monotonic
        let cancelled = Task { await queue.sleep(until: start + .milliseconds(5)) }
        let later = Task { await queue.sleep(until: start + .milliseconds(20)) }
        cancelled.cancel()
        await cancelled.value
        let moving = moving()
        await later.value
        moving.cancel()
        #expect(clock.now.monotonic >= start + .milliseconds(20))
    }

    @Test func `A cancelled task returns at once, also if it was cancelled before it slept`() async {
        let far = far
        let asleep = Task { await queue.sleep(until: far) }
        asleep.cancel()
        await asleep.value
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await queue.sleep(until: far) }
        }
        endTimer()
    }

    @Test func `Nothing is kept of thousands of cancelled sleeps`() async {
        let far = far
        // One that stays, so that the queue is in use.
        let staying = Task { await queue.sleep(until: far) }
        for _ in 0..<20 {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 { group.addTask { await queue.sleep(until: far + .seconds(number)) } }
                group.cancelAll()
            }
        }
        #expect(queue.count < 200)
        staying.cancel()
        await staying.value
        endTimer()
    }
}
