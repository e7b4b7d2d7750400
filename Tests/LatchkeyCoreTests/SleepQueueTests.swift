import Synchronization
import Testing

@testable import LatchkeyCore

@Suite(.timeLimit(.minutes(20))) struct SleepQueueTests {
    private let queue = SleepQueue(now: { .current }) { deadline in
        try? await Task.sleep(for: deadline - .current, clock: .continuous)
    }

    @Test func `Nobody wakes before its time, in whatever order they came`() async {
        await withTaskGroup(of: Bool.self) { group in
            for milliseconds in [60, 5, 90, 30, 30, 1, 75, 0, -5] + Array(0..<100) {
                let deadline = MonotonicTime.current + .milliseconds(milliseconds)
                group.addTask {
                    await queue.sleep(until: deadline)
                    return MonotonicTime.current >= deadline
                }
            }
            for await isInTime in group { #expect(isInTime) }
        }
        #expect(queue.count == 0)
    }

    @Test func `A later sleep is not delayed by one that is cancelled`() async {
        let cancelled = Task { await queue.sleep(until: .current + .milliseconds(5)) }
        let deadline = MonotonicTime.current + .milliseconds(20)
        let later = Task { await queue.sleep(until: deadline) }
        cancelled.cancel()
        await cancelled.value
        await later.value
        #expect(MonotonicTime.current >= deadline)
    }

    @Test func `A cancelled task returns at once, also if it was cancelled before it slept`() async {
        let far = MonotonicTime.current + .seconds(86_400)
        let asleep = Task { await queue.sleep(until: far) }
        asleep.cancel()
        await asleep.value
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await queue.sleep(until: far) }
        }
    }

    @Test func `Nothing is kept of thousands of cancelled sleeps`() async {
        let far = MonotonicTime.current + .seconds(86_400)
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
    }
}
