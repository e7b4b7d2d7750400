import LatchkeyCore
import LatchkeyNet
import LatchkeyTestSupport
import Testing

@Suite struct DeadlineQueueTests {
    private func time(_ nanoseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

    @Test func `Deadlines are due in the order of time, equal ones in the order of insertion`() {
        var queue = DeadlineQueue<String>()
        for (name, at) in [("c", 3), ("a", 1), ("b1", 2), ("b2", 2)] { _ = queue.insert(name, at: time(Int64(at))) }
        var due: [String] = []
        while let name = queue.popDue(at: time(3)) { due.append(name) }
        #expect(due == ["a", "b1", "b2", "c"])
    }

    @Test func `Nothing is due before its time`() {
        var queue = DeadlineQueue<Int>()
        _ = queue.insert(1, at: time(10))
        #expect(queue.popDue(at: time(9)) == nil)
        #expect(queue.next == time(10))
        #expect(queue.popDue(at: time(10)) == 1)
        #expect(queue.next == nil)
    }

    @Test func `A cancelled deadline is removed at once and the others keep their order`() {
        var generator = SeededGenerator(seed: 7)
        var queue = DeadlineQueue<Int>()
        var kept: [(Int, TimerID)] = []
        for value in 0..<500 {
            let id = queue.insert(value, at: time(Int64.random(in: 0..<100, using: &generator)))
            kept.append((value, id))
        }
        kept.shuffle(using: &generator)
        let cancelled = Set(kept.prefix(250).map(\.0))
        for (_, id) in kept.prefix(250) { queue.cancel(id) }
        for (_, id) in kept.prefix(250) { queue.cancel(id) }
        #expect(queue.count == 250)
        var last = time(-1)
        var seen: Set<Int> = []
        while let next = queue.next, let value = queue.popDue(at: time(1000)) {
            #expect(last <= next)
            last = next
            seen.insert(value)
        }
        #expect(seen.isDisjoint(with: cancelled) && seen.count == 250)
    }
}
