import LatchkeyCore
import LatchkeyMigration
import LatchkeyTestSupport
import Testing

/// No number in a journal or in a broker's counters makes a command trap.
@Suite struct ExtremeCounterTests {
    @Test(arguments: Extremes.texts)
    func `An earlier gate counts only if its numbers are in range`(_ text: String) {
        let details = ["started": "1700000000000", "match": "1", "mismatch": "0", "error": "0"]
        let now = ShadowSample(
            at: WallTime(milliseconds: 1_700_000_100_000), started: WallTime(milliseconds: 1_700_000_000_000),
            matches: 1 << 53, mismatches: 0, errors: 0)
        for name in details.keys {
            let changed = details.merging([name: text]) { $1 }
            var run = JournalRun(
                command: "gate", isClean: true, count: 1, by: "me", at: WallTime(milliseconds: .min))
            run.details = changed
            let earlier = ShadowSample(run).map { [$0] } ?? []
            _ = ShadowGate(window: .seconds(60), minComparisons: 1).judge(now, earlier: earlier).explanation
            _ = ShadowGate(window: .seconds(Int64.max), minComparisons: .max).judge(now, earlier: earlier)
        }
    }

    @Test func `A share can be written for any two counters`() {
        for part in [0, 1, 1 << 53, Int.max] {
            for whole in [Int.min, -1, 0, 1, 1 << 53, Int.max] {
                #expect(BrokerCounters.share(part, of: whole).hasSuffix(" %"))
            }
        }
        var counters = BrokerCounters()
        (counters.tokenAnswers, counters.issuerCalls) = (0, 1 << 53)
        #expect(counters.issuerCallsSaved == 0)
    }
}
