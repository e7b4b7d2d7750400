import LatchkeyCore
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

@Suite("Turns of callers") struct FairQueueTests {
    private let a = Requester(id: "a")
    private let b = Requester(id: "b")

    private func at(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: seconds * 1_000_000_000)
    }

    private func add(
        _ ids: Range<UInt64>, of owner: Requester?, cost: Int = 1, to queue: inout FairQueue
    ) {
        for id in ids {
            let isAdded = queue.add(id, cost: cost, for: owner, latest: at(5))
            #expect(isAdded)
        }
    }

    @Test func `Reads run at once while there is room, and half of it is left to others`() {
        var queue = FairQueue(capacity: 8, maxWaiting: 100)
        add(0..<20, of: a, to: &queue)
        #expect(queue.next(at(0)).run == [0, 1, 2, 3])
        add(100..<101, of: b, to: &queue)
        #expect(queue.next(at(0)).run == [100])
    }

    @Test func `Callers take turns, however many reads one of them has`() {
        var queue = FairQueue(capacity: 2, maxWaiting: 10_000)
        add(0..<4_000, of: a, to: &queue)
        #expect(queue.next(at(0)).run == [0])
        add(5_000..<5_003, of: b, to: &queue)
        var order: [UInt64] = []
        var running: [UInt64] = [0]
        for _ in 0..<8 {
            running += queue.next(at(0)).run
            let first = running.removeFirst()
            order.append(first)
            queue.finish(first)
        }
        #expect(order == [0, 5_000, 1, 5_001, 2, 5_002, 3, 4])
    }

    @Test func `A caller without others uses all of the room`() {
        var queue = FairQueue(capacity: 8, maxWaiting: 100)
        add(0..<20, of: Requester(id: "a", isAlone: true), to: &queue)
        #expect(queue.next(at(0)).run == Array(0..<8))
        var own = FairQueue(capacity: 8, maxWaiting: 100)
        add(0..<20, of: nil, to: &own)
        #expect(own.next(at(0)).run == Array(0..<8))
    }

    @Test func `Small reads do not keep a large one waiting`() {
        var queue = FairQueue(capacity: 12, maxWaiting: 100)
        add(0..<50, of: nil, to: &queue)
        #expect(queue.next(at(0)).run.count == 12)
        add(100..<101, of: b, cost: 10, to: &queue)
        var begun: [UInt64] = []
        for id in UInt64(0)..<12 {
            queue.finish(id)
            begun += queue.next(at(0)).run
        }
        #expect(begun.firstIndex(of: 100).map { $0 <= 1 } == true, "\(begun)")
    }

    @Test func `A read larger than the room runs alone`() {
        var queue = FairQueue(capacity: 4, maxWaiting: 100)
        add(0..<2, of: nil, cost: 10, to: &queue)
        #expect(queue.next(at(0)).run == [0])
        queue.finish(0)
        #expect(queue.next(at(0)).run == [1])
    }

    @Test func `A read of another caller that one waits for has the turns of both`() {
        var queue = FairQueue(capacity: 2, maxWaiting: 1_000)
        add(0..<500, of: a, to: &queue)
        #expect(queue.next(at(0)).run == [0])
        queue.join(499, by: b)
        queue.join(499, by: b)
        #expect(queue.next(at(0)).run == [499])
        queue.finish(0)
        queue.finish(499)
        #expect(queue.next(at(0)).run == [1])
        #expect(queue.waitingCount == 497)
    }

    @Test func `What has waited too long is late, and what is given up does not run`() {
        var queue = FairQueue(capacity: 2, maxWaiting: 100)
        add(0..<4, of: a, to: &queue)
        #expect(queue.next(at(0)).run == [0])
        let removed = [1, 1, 0].map { queue.remove($0) }
        #expect(removed == [true, false, false])
        queue.finish(0)
        #expect(queue.next(at(6)) == FairQueue.Decisions(run: [], late: [2, 3]))
        #expect(queue.waitingCount == 0 && queue.runningCount == 0)
    }

    @Test func `The number of waiting reads is limited, and each caller has its share of it`() {
        var queue = FairQueue(capacity: 1, maxWaiting: 100)
        let count = (0..<200).count { queue.add($0, cost: 1, for: a, latest: at(5)) }
        #expect(count == 50)
        let isAdded = queue.add(1_000, cost: 1, for: b, latest: at(5))
        #expect(isAdded)
    }

    /// Whatever callers do: the room is never exceeded, no read runs twice or is lost, and a caller that asks for little is
    /// at most one turn of all others away from its next read.
    @Test func `Turns hold for any order of events`() {
        for seed in UInt64(0)..<100 {
            var random = SeededGenerator(seed: seed)
            let capacity = Int.random(in: 2...40, using: &random)
            var queue = FairQueue(capacity: capacity, maxWaiting: 5_000)
            var (next, running, ended) = (UInt64(0), [UInt64: Int](), Set<UInt64>())
            var costs: [UInt64: Int] = [:]
            for _ in 0..<600 {
                if Bool.random(using: &random) {
                    let owner = Int.random(in: 0..<4, using: &random)
                    let cost = min(capacity, Bool.random(using: &random) ? 1 : 10)
                    if queue.add(
                        next, cost: cost, for: owner == 0 ? nil : Requester(id: "\(owner)"), latest: at(5))
                    {
                        costs[next] = cost
                    }
                    next += 1
                } else if let id = running.keys.randomElement(using: &random) {
                    running[id] = nil
                    ended.insert(id)
                    queue.finish(id)
                }
                for id in queue.next(at(0)).run {
                    #expect(running[id] == nil && !ended.contains(id), "seed \(seed)")
                    running[id] = costs[id]
                }
                #expect(running.values.reduce(0, +) <= capacity, "seed \(seed)")
            }
            while !running.isEmpty {
                for id in Array(running.keys) {
                    running[id] = nil
                    ended.insert(id)
                    queue.finish(id)
                }
                for id in queue.next(at(0)).run { running[id] = costs[id] }
            }
            #expect(ended == Set(costs.keys) && queue.waitingCount == 0, "seed \(seed)")
        }
    }
}
