import LatchkeyCore
import Testing

@testable import LatchkeyHTTP

@Suite struct WorkBudgetTests {
    /// Takes from the budget at each of these times.
    ///
    /// - Returns: the results, and the number of clock readings.
    private func take(_ budget: inout WorkBudget, at times: [Int64]) -> (allowed: [Bool], readings: Int) {
        var readings = 0
        budget.begin()
        var allowed: [Bool] = []
        for time in times {
            let isAllowed = budget.take {
                readings += 1
                return MonotonicTime(nanoseconds: time)
            }
            allowed.append(isAllowed)
        }
        return (allowed, readings)
    }

    @Test func `The first request of a turn is always allowed, and reads no clock`() {
        var budget = WorkBudget(requests: 1, time: .zero)
        for _ in 0..<3 {
            let one = take(&budget, at: [5])
            #expect(one.allowed == [true] && one.readings == 0)
            let two = take(&budget, at: [5, 5])
            #expect(two.allowed == [true, false])
        }
    }

    @Test func `A turn ends at its maximum number of requests, or at its time limit measured from the second request`()
    {
        var budget = WorkBudget(requests: 4, time: .nanoseconds(10))
        let many = take(&budget, at: [7, 7, 7, 7, 7, 7])
        #expect(many.allowed == [true, true, true, true, false, false])
        let long = take(&budget, at: [100, 100, 109, 110])
        #expect(long.allowed == [true, true, true, false])
    }
}
