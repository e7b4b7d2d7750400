import LatchkeyCore
import Testing

@testable import LatchkeyHTTP

@Suite struct WorkBudgetTests {
    /// Whether each of several things may be done, at these times of the clock; how often it was read.
    private func take(_ budget: inout WorkBudget, at times: [Int64]) -> (allowed: [Bool], looks: Int) {
        var looks = 0
        budget.begin()
        var allowed: [Bool] = []
        for time in times {
            let isAllowed = budget.take {
                looks += 1
                return MonotonicTime(nanoseconds: time)
            }
            allowed.append(isAllowed)
        }
        return (allowed, looks)
    }

    @Test func `The first thing is always done, without a look at the clock`() {
        var budget = WorkBudget(requests: 1, time: .zero)
        for _ in 0..<3 {
            let one = take(&budget, at: [5])
            #expect(one.allowed == [true] && one.looks == 0)
            let two = take(&budget, at: [5, 5])
            #expect(two.allowed == [true, false])
        }
    }

    @Test func `A turn ends after so many things, or so much time from the second on`() {
        var budget = WorkBudget(requests: 4, time: .nanoseconds(10))
        let many = take(&budget, at: [7, 7, 7, 7, 7, 7])
        #expect(many.allowed == [true, true, true, true, false, false])
        let long = take(&budget, at: [100, 100, 109, 110])
        #expect(long.allowed == [true, true, true, false])
    }
}
