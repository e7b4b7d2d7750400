import Fleet
import LatchkeyBroker
import LatchkeyCore
import Testing

/// What a fleet costs, with the broker's own state machines on a virtual clock. ``FleetLongRuns`` adds failures.
/// `swift run -c release fleet-simulation table` prints the table of Architecture.md.
@Suite("A simulated fleet") struct FleetTests {
    @Test(arguments: UInt64(0)..<20)
    func `If every token is rejected, every caller still gets one, and few are issued`(_ seed: UInt64) {
        var scenario = Scenario.steady(brokers: 3)
        scenario.rejections = 1
        scenario.callEvery = .seconds(1)
        scenario.hasDatedTokens = true
        let report = World.run(scenario, seed: seed)
        #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.prefix(3))")
        #expect(report.refused == 0)
        #expect(report.servedRejected > 0)
        // Each broker causes an issuance at once, then after 2, 4, 8 … 256 and 300 s: thirteen in half an hour.
        #expect(report.issuerCalls <= 3 * 14, "seed \(seed)")
    }

    @Test func `A cold fleet of 100 costs one issuance`() {
        let report = World.run(.cold(brokers: 100), seed: 1)
        #expect(report.issuerCalls == 1)
        #expect(report.withoutToken == 0)
        #expect(report.violations.isEmpty)
    }

    @Test func `A cold fleet of 100 that shares a table costs one issuance`() {
        let report = World.run(.coldTable(brokers: 100), seed: 1)
        #expect(report.issuerCalls == 1)
        #expect(report.withoutToken == 0)
        #expect(report.violations.isEmpty)
    }

    @Test func `A cold fleet of 1,000 has a token within 35 s, for at most two issuances`() {
        let report = World.run(.cold(brokers: 1000), seed: 1)
        #expect(report.issuerCalls <= 2)
        #expect(report.withoutToken == 0)
        #expect(report.maxColdWait <= .seconds(35))
        #expect(report.maxAnswerTime <= .seconds(10))
        #expect(report.violations.isEmpty)
    }

    @Test func `A lease holder that is killed costs one more issuance, and no caller waits beyond the limit`() {
        for seed in UInt64(0)..<20 {
            var scenario = Scenario.cold(brokers: 20)
            scenario.killsFirstHolder = true
            let report = World.run(scenario, seed: seed)
            #expect(report.issuerCalls == 2, "seed \(seed)")
            #expect(report.withoutToken == 0)
            #expect(report.maxAnswerTime <= .seconds(10))
            #expect(report.violations.isEmpty)
        }
    }

    @Test func `If leases cannot be written, each broker calls the issuer once per lifetime at most`() {
        var scenario = Scenario.steady(brokers: 10)
        scenario.deniesWrites = true
        let report = World.run(scenario, seed: 1)
        // Three lifetimes of 600 s, and each broker refreshes its token after 480 s: four tokens each.
        #expect(report.issuerCalls <= 40)
        #expect(report.withoutToken == 0)
        #expect(report.violations.isEmpty)
    }

    @Test(arguments: [1, 5])
    func
        `If the issuer is down for an hour, tokens are served until they expire, and new ones within one backoff after the outage`(
            _ brokers: Int
        )
    {
        var scenario = Scenario.steady(brokers: brokers)
        scenario.duration = .seconds(6000)
        scenario.callEvery = .seconds(1)
        scenario.issuerOutage = 700...4300
        scenario.hasDatedTokens = true
        let report = World.run(scenario, seed: 1)
        #expect(report.violations.isEmpty)
        #expect(report.refused > 0)
        // Several brokers that claim the lease every few seconds exceed the store's quota of writes too.
        #expect(report.faultsTold.subtracting(brokers == 1 ? [] : [.throttled]) == [.unavailable])
        #expect(report.refusalsWithoutWait == 0)
        // The last token before the outage was issued after the 480 s in which the first was fresh, within half of its
        // buffer of 120 s, and is served for its 600 s. From then to 4,300 s there is no token.
        #expect(report.maxGap >= .seconds(4300 - 1145))
        #expect(report.maxGap <= .seconds(4300 - 1080 + 10))
        // One backoff is 4 s, more or less a quarter. Another broker that holds the lease may add its own.
        #expect(report.maxRecovery <= .seconds(brokers == 1 ? 5 : 10))
    }
}
