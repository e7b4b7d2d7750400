import Fleet
import LatchkeyBroker
import LatchkeyCore
import Testing

/// The broker's own state and trips, a fleet at a time, on a virtual clock: what a fleet costs. `FleetLongRuns` are those
/// of everything that can go wrong. `swift run -c release fleet-simulation table` prints the table of Architecture.md.
@Suite struct `A simulated fleet` {
    @Test(arguments: UInt64(0)..<20)
    func `Where every token is refused nobody is left without one, and issuances are few`(_ seed: UInt64) {
        var scenario = Scenario.steady(brokers: 3)
        scenario.rejections = 1
        scenario.callEvery = .seconds(1)
        scenario.hasDatedTokens = true
        let report = World.run(scenario, seed: seed)
        #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(3))")
        #expect(report.refused == 0)
        #expect(report.servedRejected > 0)
        // Each broker causes one issuance at once, then after 2, 4, 8 … 256 and 300 s: thirteen in half an hour.
        #expect(report.issuerCalls <= 3 * 14, "seed \(seed)")
    }

    @Test func `A cold fleet of a hundred costs one issuance`() {
        let report = World.run(.cold(brokers: 100), seed: 1)
        #expect(report.issuerCalls == 1)
        #expect(report.withoutToken == 0)
        #expect(report.violations.isEmpty)
    }

    @Test func `A thousand that start at one moment have a token within half a minute, for two issuances at the most`()
    {
        let report = World.run(.cold(brokers: 1000), seed: 1)
        #expect(report.issuerCalls <= 2)
        #expect(report.withoutToken == 0)
        #expect(report.longestColdWait <= .seconds(35))
        #expect(report.longestAnswer <= .seconds(10))
        #expect(report.violations.isEmpty)
    }

    @Test func `A holder killed at its work costs one issuance more, and nobody waits past the bound`() {
        for seed in UInt64(0)..<20 {
            var scenario = Scenario.cold(brokers: 20)
            scenario.killsFirstHolder = true
            let report = World.run(scenario, seed: seed)
            #expect(report.issuerCalls == 2, "seed \(seed)")
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

    @Test(arguments: [1, 5])
    func `With the issuer down for an hour tokens serve to their expiry, and service is back within a backoff`(
        _ brokers: Int
    ) {
        var scenario = Scenario.steady(brokers: brokers)
        scenario.duration = .seconds(6000)
        scenario.callEvery = .seconds(1)
        scenario.issuerOutage = 700...4300
        scenario.hasDatedTokens = true
        let report = World.run(scenario, seed: 1)
        #expect(report.violations.isEmpty)
        #expect(report.refused > 0)
        // Several that try for a lease every few seconds meet the store's quota of writes too.
        #expect(report.faultsTold.subtracting(brokers == 1 ? [] : [.throttled]) == [.unavailable])
        #expect(report.refusalsWithoutWait == 0)
        // The token of before the outage was issued when the first had been fresh for 480 s, within half of its buffer
        // of 120 s, and is served for all of its 600 s: nothing is to be had from then to 4,300 s and no longer.
        #expect(report.longestGap >= .seconds(4300 - 1145))
        #expect(report.longestGap <= .seconds(4300 - 1080 + 10))
        // One backoff step is 4 s give or take a quarter; another broker that has the lease may take its time too.
        #expect(report.longestRecovery <= .seconds(brokers == 1 ? 5 : 10))
    }
}
