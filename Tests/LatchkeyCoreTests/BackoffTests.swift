import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct BackoffTests {
    private func backoff(_ jitter: Backoff.Jitter, cap: Duration = .seconds(4)) -> Backoff {
        Backoff(base: .seconds(1), cap: cap, jitter: jitter)
    }

    @Test func `The delay doubles with each failure up to the cap`() {
        let backoff = backoff(.none)
        let delays = (1...5).map { backoff.delay(afterFailures: $0, random: 0.5) }
        #expect(delays == [.seconds(1), .seconds(2), .seconds(4), .seconds(4), .seconds(4)])
    }

    @Test(arguments: [
        (Backoff.Jitter.none, 2.0, 2.0), (.full, 0.0, 2.0), (.equal, 1.0, 2.0), (.plusOrMinus(0.25), 1.5, 2.5),
        (.plusOrMinus(0.5), 1.0, 3.0),
    ])
    func `Jitter spreads the delay evenly between its bounds`(jitter: Backoff.Jitter, least: Double, most: Double) {
        let backoff = backoff(jitter)
        #expect(backoff.delay(afterFailures: 2, random: 0) == .seconds(least))
        #expect(backoff.delay(afterFailures: 2, random: 0.5) == .seconds((least + most) / 2))
        #expect(backoff.delay(afterFailures: 2, random: 1) == .seconds(most))
    }

    @Test func `A delay of its own can be spread`() {
        #expect(Backoff.Jitter.plusOrMinus(0.5).spread(.seconds(10), random: 0) == .seconds(5))
        #expect(Backoff.Jitter.none.spread(.nanoseconds(1), random: 0.9) == .nanoseconds(1))
    }

    @Test(arguments: Extremes.doubles)
    func `No number of failures and no random number make it trap`(random: Double) {
        for jitter in [Backoff.Jitter.none, .full, .equal, .plusOrMinus(0.25)] {
            for failures in [Int.min, -1, 0, 1, 2, 62, 63, 64, .max] {
                let delay = backoff(jitter, cap: .seconds(30)).delay(afterFailures: failures, random: random)
                #expect((.zero ... .seconds(37.5)).contains(delay))
            }
        }
        let longest = Backoff(base: .seconds(Int64.max), cap: .seconds(Int64.max), jitter: .equal)
        #expect(longest.delay(afterFailures: .max, random: random) >= .zero)
    }
}
