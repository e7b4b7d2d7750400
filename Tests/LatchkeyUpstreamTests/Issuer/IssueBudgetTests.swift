import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization
import Testing

@Suite("The budget of token requests") struct IssueBudgetTests {
    private func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func `A request counts for one hour`() {
        var budget = IssueBudget(2)
        #expect(budget.spend(time(0)) == nil && budget.spend(time(1000)) == nil)
        #expect(budget.remaining(time(1000)) == 0)
        #expect(budget.spend(time(1001)) == .seconds(2599))
        #expect(budget.spend(time(3599)) == .seconds(1))
        #expect(budget.spend(time(3600)) == nil)
        #expect(budget.spend(time(3601)) == .seconds(999))
        #expect(budget.remaining(time(4600)) == 1)
    }

    @Test func `A part of the budget can be reserved for others`() {
        var budget = IssueBudget(4)
        #expect(budget.spend(time(0), leaving: 1) == nil)
        #expect(budget.spend(time(10), leaving: 1) == nil)
        #expect(budget.spend(time(20), leaving: 1) == nil)
        #expect(budget.spend(time(30), leaving: 1) == .seconds(3570))
        #expect(budget.spend(time(30)) == nil)
        #expect(budget.spend(time(40)) == .seconds(3560))
        // The first request is an hour old, but the second one still counts.
        #expect(budget.spend(time(3600), leaving: 1) == .seconds(10))
        #expect(budget.spend(time(3610), leaving: 1) == nil)
    }

    @Test(arguments: [Int.min, -1, 4, 5, Int.max])
    func `A reserve as large as the budget, or out of range, does not trap`(_ reserve: Int) {
        var budget = IssueBudget(4)
        let wait = budget.spend(time(0), leaving: reserve)
        #expect(wait == (reserve < 0 ? nil : .seconds(3600)))
    }

    @Test func `No span of one hour has more requests than the budget`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let most = Int.random(in: 1...20, using: &generator)
            var budget = IssueBudget(most)
            var (now, granted): (Int64, [Int64]) = (0, [])
            for _ in 0..<500 {
                now += Int64.random(in: 0...400, using: &generator)
                if budget.spend(time(now)) == nil { granted.append(now) }
            }
            for start in granted {
                #expect(granted.count { $0 >= start && $0 < start + 3600 } <= most)
            }
            #expect(granted.count >= most)
        }
    }

    @Test func `Every attempt counts, and none is sent once the budget is used up`() async {
        let fixture = IssuerFixture(.json(500, ""), .token)
        let deadline = fixture.clock.now.monotonic + .seconds(5)
        await #expect(throws: IssuerError.budgetSpent(retryAfter: .seconds(9))) {
            try await fixture.issuer.issue(IssuerFixture.request(), deadline: deadline) { _ in .seconds(9) }
        }
        #expect(fixture.requests.isEmpty)
        // The budget allows one request: the first attempt uses it, and the second one is not made.
        let asked = Mutex(0)
        await #expect(throws: IssuerError.unavailable(status: 500)) {
            try await fixture.issuer.issue(IssuerFixture.request(), deadline: deadline) { _ in
                asked.withLock { count in
                    count += 1
                    return count > 1 ? .seconds(9) : nil
                }
            }
        }
        #expect(fixture.requests.count == 1)
    }
}
