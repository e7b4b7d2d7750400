import Fleet
import LatchkeyCore
import Testing

/// The broker's own state and trips, a fleet at a time, on a virtual clock: ten thousand runs of everything that can
/// go wrong, and what a fleet costs. `swift run -c release fleet-simulation table` prints the table of Architecture.md.
@Suite struct `A simulated fleet` {
    @Test(arguments: UInt64(0)..<20)
    func `Whatever fails and whoever crashes, no expired token is served, no wait passes its bound, all ends`(
        _ part: UInt64
    ) {
        for seed in part * 500..<(part + 1) * 500 {
            let report = World.run(.chaos(seed: seed), seed: seed)
            #expect(report.violations.isEmpty, "seed \(seed)")
            #expect(report.callers > 0)
        }
    }

    @Test func `A cold fleet of a hundred costs one issuance`() {
        let report = World.run(.cold(brokers: 100), seed: 1)
        #expect(report.issuerCalls == 1)
        #expect(report.withoutToken == 0)
        #expect(report.violations.isEmpty)
    }

    @Test func `A holder killed at its work costs one issuance more, and nobody waits past the bound`() {
        for seed in UInt64(0)..<20 {
            var scenario = Scenario.cold(brokers: 20)
            scenario.killsFirstHolder = true
            let report = World.run(scenario, seed: seed)
            #expect((2...3).contains(report.issuerCalls), "seed \(seed)")
            #expect(report.withoutToken == 0)
            #expect(report.longestAnswer <= .seconds(10))
            #expect(report.violations.isEmpty)
        }
    }

    @Test func `Without leases to write each broker asks the issuer once a life at the most`() {
        var scenario = Scenario.steady(brokers: 10)
        scenario.deniesWrites = true
        let report = World.run(scenario, seed: 1)
        // Three lives of 600 s, each broker's refresh due at 480 s of its own token: four tokens each.
        #expect(report.issuerCalls <= 40)
        #expect(report.withoutToken == 0)
        #expect(report.violations.isEmpty)
    }

    @Test func `Where no write is answered in time, tokens keep coming, and each broker asks once a life at the most`()
    {
        for seed in UInt64(0)..<500 {
            let scenario = Scenario.lateAnswers(brokers: 5)
            let report = World.run(scenario, seed: seed)
            #expect(report.refused == 0, "seed \(seed)")
            #expect(report.withoutToken == 0)
            // A token is due after 8 of its 10 s.
            #expect(report.issuerCalls <= 5 * 40 / 8, "seed \(seed)")
            #expect(report.violations.isEmpty, "seed \(seed): \(report.violations)")
        }
    }

    @Test(arguments: [(brokers: 1, recovery: 5), (brokers: 5, recovery: 10)])
    func `With the issuer down for an hour tokens serve to their expiry, and service is back within a backoff`(
        _ brokers: Int, _ recovery: Int
    ) {
        var scenario = Scenario.steady(brokers: brokers)
        scenario.duration = .seconds(6000)
        scenario.issuerOutage = 700...4300
        let report = World.run(scenario, seed: 1)
        #expect(report.violations.isEmpty)
        #expect(report.refused > 0)
        // Tokens of before the outage end at 1,300 s at the latest, and nothing can be served until 4,300 s.
        #expect(report.longestGap >= .seconds(3000))
        #expect(report.longestRecovery <= .seconds(recovery))
    }
}
