import Fleet
import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Testing

/// Thousands of small fleets on a virtual clock, with every kind of failure. `Tests/run long` runs all of them, any
/// other run a seeded hundredth.
@Suite struct FleetLongRuns {
    /// Two parts, to use two cores.
    @Test(arguments: [0, 1] as [UInt64])
    func `Whatever fails or crashes, no expired token is served, no wait exceeds its limit, and every refresh ends`(
        _ part: UInt64
    ) {
        for seed in LongRun.cases(of: 10_000, "chaos") where seed % 2 == part {
            let report = World.run(.chaos(seed: seed), seed: seed)
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(3))")
            #expect(report.callers > 0)
        }
    }

    @Test func `If nothing fails, every caller is served and the issuer is called once per token lifetime`() {
        for seed in LongRun.cases(of: 5_000, "calm") {
            let scenario = Scenario.calm(seed: seed)
            let report = World.run(scenario, seed: seed)
            #expect(report.refused == 0, "seed \(seed): \(report.faultsTold)")
            // A token is due after 80 % of its lifetime. Other replicas know no more than that of an opaque one, and
            // its pair may be written too late to be accepted.
            let lifetimes = Int((scenario.duration / (scenario.lifetime * 0.75)).rounded(.up))
            #expect(report.issuerCalls <= lifetimes + (scenario.hasDatedTokens ? 1 : 2), "seed \(seed)")
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(3))")
        }
    }

    @Test
    func
        `If no write is answered in time, callers get tokens and each broker calls the issuer once per lifetime at most`()
    {
        var refused = 0
        let seeds = LongRun.cases(of: 5_000, "late answers")
        for seed in seeds {
            let report = World.run(.lateAnswers(brokers: 5), seed: seed)
            refused += report.refused
            #expect(report.withoutToken == 0)
            // A token is due after 8 s of its 10 s.
            #expect(report.issuerCalls <= 5 * 40 / 8, "seed \(seed)")
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations)")
        }
        #expect(refused <= max(1, seeds.count / 500), "one of a million callers")
    }
}
