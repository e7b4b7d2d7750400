import LatchkeyCore
import LatchkeyUpstream
import Testing

@Suite struct CallRateTests {
    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: 0) + .seconds(seconds) }

    /// The places of so many calls that all come at `now`.
    private func places(_ count: Int, of rate: inout CallRate, at now: MonotonicTime) throws -> [Double] {
        try (0..<count).map { _ in
            let turn = try rate.take(now, notLaterThan: .distantFuture)
            return Double(turn.at.nanoseconds) / 1e9
        }
    }

    @Test func `A second's worth goes at once, what follows at the rate`() throws {
        var rate = CallRate(ceiling: 4)
        #expect(try places(7, of: &rate, at: time(10)) == [10, 10, 10, 10, 10.25, 10.5, 10.75])
    }

    @Test func `A place that would come too late is not taken, and the refusal says when to come back`() throws {
        var rate = CallRate(ceiling: 1)
        _ = try rate.take(time(0), notLaterThan: time(0))
        _ = try rate.take(time(0), notLaterThan: time(1))
        #expect(throws: CallRate.Full(wait: .seconds(2))) { try rate.take(time(0), notLaterThan: time(1.5)) }
        #expect(try rate.take(time(0), notLaterThan: time(2)).at == time(2), "the refused one took nothing")
    }

    @Test func `Throttling cuts the rate, ends the burst and moves the places still to come`() throws {
        var rate = CallRate(ceiling: 10)
        let before = try rate.take(time(0), notLaterThan: time(5))
        rate.throttled(time(0))
        #expect(rate.current == 7)
        #expect(!rate.isCurrent(before))
        let after = try rate.take(time(0), notLaterThan: time(5))
        #expect(after.at > time(0.14) && after.at < time(0.15) && rate.isCurrent(after))
    }

    @Test func `A burst of throttled answers is one cut`() {
        var rate = CallRate(ceiling: 10)
        for moment in [0, 0.1, 0.9] { rate.throttled(time(moment)) }
        #expect(rate.current == 7)
        rate.throttled(time(1))
        #expect(rate.current == 10 * 0.7 * 0.7)
    }

    @Test func `However long the service throttles, a call every two seconds is made`() throws {
        var rate = CallRate(ceiling: 20)
        for second in 0..<100 { rate.throttled(time(Double(second))) }
        #expect(rate.current == CallRate.floor)
        let first = try rate.take(time(99), notLaterThan: .distantFuture)
        let second = try rate.take(time(99), notLaterThan: .distantFuture)
        #expect(second.at - first.at == .seconds(2))
    }

    @Test func `The rate comes back by one call a second for each second at it, up to the ceiling`() {
        var rate = CallRate(ceiling: 20)
        for second in 0..<100 { rate.throttled(time(Double(second))) }
        var calls = 0
        while rate.current < 20 {
            rate.succeeded()
            calls += 1
        }
        // A rate of r takes r calls to grow by one: about the sum of 1 to 20.
        #expect((180...220).contains(calls))
        rate.succeeded()
        #expect(rate.current == 20)
    }
}
