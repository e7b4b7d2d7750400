import Fleet
import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Testing

/// Thousands of small fleets on a virtual clock in which everything goes wrong that can: `Tests/run long` runs all of
/// them, any other run a seeded hundredth.
@Suite struct FleetLongRuns {
    /// Two parts, so that two cores have work.
    @Test(arguments: [0, 1] as [UInt64])
    func `Whatever fails and whoever crashes, no expired token is served, no wait passes its bound, all ends`(
        _ part: UInt64
    ) {
        for seed in LongRun.cases(of: 10_000, "chaos") where seed % 2 == part {
            let report = World.run(.chaos(seed: seed), seed: seed)
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(3))")
            #expect(report.callers > 0)
        }
    }

    @Test func `Where nothing fails every caller is served, and the issuer asked once a life`() {
        for seed in LongRun.cases(of: 5_000, "calm") {
            let scenario = Scenario.calm(seed: seed)
            let report = World.run(scenario, seed: seed)
            #expect(report.refused == 0, "seed \(seed): \(report.faultsTold)")
            // A token is due after 80 % of its life. Of an opaque one others know no more than that, and its two halves
            // may be written too late to be believed.
            let lives = Int((scenario.duration / (scenario.lifetime * 0.75)).rounded(.up))
            #expect(report.issuerCalls <= lives + (scenario.hasDatedTokens ? 1 : 2), "seed \(seed)")
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(3))")
        }
    }

    @Test func `Where no write is answered in time, tokens keep coming, and each broker asks once a life at the most`()
    {
        var refused = 0
        let seeds = LongRun.cases(of: 5_000, "late answers")
        for seed in seeds {
            let report = World.run(.lateAnswers(brokers: 5), seed: seed)
            refused += report.refused
            #expect(report.withoutToken == 0)
            // A token is due after 8 of its 10 s.
            #expect(report.issuerCalls <= 5 * 40 / 8, "seed \(seed)")
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations)")
        }
        #expect(refused <= max(1, seeds.count / 500), "one of a million callers")
    }
}
