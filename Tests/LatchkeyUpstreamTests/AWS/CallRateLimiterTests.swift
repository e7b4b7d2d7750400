import LatchkeyCore
import LatchkeyUpstream
import Testing

@Suite struct CallRateLimiterTests {
    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: 0) + .seconds(seconds) }

    /// The slots, in seconds, of `count` calls at `now`.
    private func slots(_ count: Int, of rate: inout CallRateLimiter, at now: MonotonicTime) throws -> [Double] {
        try (0..<count).map { _ in
            let slot = try rate.reserve(now, notLaterThan: .distantFuture)
            return Double(slot.time.nanoseconds) / 1e9
        }
    }

    @Test func `A second's worth of calls is made at once, later calls at the rate`() throws {
        var rate = CallRateLimiter(maxPerSecond: 4)
        #expect(try slots(7, of: &rate, at: time(10)) == [10, 10, 10, 10, 10.25, 10.5, 10.75])
    }

    @Test func `A slot that would come too late is not reserved, and the error says how long to wait`() throws {
        var rate = CallRateLimiter(maxPerSecond: 1)
        _ = try rate.reserve(time(0), notLaterThan: time(0))
        _ = try rate.reserve(time(0), notLaterThan: time(1))
        #expect(throws: CallRateLimiter.NoSlot(wait: .seconds(2))) {
            try rate.reserve(time(0), notLaterThan: time(1.5))
        }
        #expect(try rate.reserve(time(0), notLaterThan: time(2)).time == time(2), "the rejected call reserved nothing")
    }

    @Test func `Throttling reduces the rate, ends the burst and voids the slots still to come`() throws {
        var rate = CallRateLimiter(maxPerSecond: 10)
        let before = try rate.reserve(time(0), notLaterThan: time(5))
        rate.throttled(time(0))
        #expect(rate.perSecond == 7)
        #expect(!rate.isValid(before))
        let after = try rate.reserve(time(0), notLaterThan: time(5))
        #expect(after.time > time(0.14) && after.time < time(0.15) && rate.isValid(after))
    }

    @Test func `A burst of throttled responses reduces the rate once`() {
        var rate = CallRateLimiter(maxPerSecond: 10)
        for moment in [0, 0.1, 0.9] { rate.throttled(time(moment)) }
        #expect(rate.perSecond == 7)
        rate.throttled(time(1))
        #expect(rate.perSecond == 10 * 0.7 * 0.7)
    }

    @Test func `However long the service throttles, one call every two seconds is made`() throws {
        var rate = CallRateLimiter(maxPerSecond: 20)
        for second in 0..<100 { rate.throttled(time(Double(second))) }
        #expect(rate.perSecond == CallRateLimiter.minPerSecond)
        let first = try rate.reserve(time(99), notLaterThan: .distantFuture)
        let second = try rate.reserve(time(99), notLaterThan: .distantFuture)
        #expect(second.time - first.time == .seconds(2))
    }

    @Test func `The rate rises by one call a second for each second at the full rate, up to the maximum`() {
        var rate = CallRateLimiter(maxPerSecond: 20)
        for second in 0..<100 { rate.throttled(time(Double(second))) }
        var calls = 0
        while rate.perSecond < 20 {
            rate.succeeded()
            calls += 1
        }
        // A rate of r needs r calls to rise by one: in all about the sum of 1 to 20.
        #expect((180...220).contains(calls))
        rate.succeeded()
        #expect(rate.perSecond == 20)
    }
}
