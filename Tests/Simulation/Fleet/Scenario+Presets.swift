import LatchkeyCore
import LatchkeyTestSupport

extension Scenario {
    /// A fleet that starts within a second and gets requests during three token lifetimes, without failures.
    package static func steady(brokers: Int, hasLease: Bool = true) -> Scenario {
        var scenario = Scenario()
        scenario.brokers = brokers
        scenario.hasLease = hasLease
        scenario.startSpread = .seconds(1)
        return scenario
    }

    /// A fleet that starts at once with an empty store.
    package static func cold(brokers: Int) -> Scenario {
        var scenario = Scenario()
        scenario.brokers = brokers
        scenario.duration = .seconds(120)
        scenario.callEvery = .seconds(2)
        return scenario
    }

    /// A fleet that starts at once with an empty table.
    package static func coldTable(brokers: Int) -> Scenario {
        var scenario = cold(brokers: brokers)
        scenario.usesTable = true
        return scenario
    }

    /// Tokens with a short lifetime, and a store that answers no write in time.
    package static func lateAnswers(brokers: Int) -> Scenario {
        var scenario = Scenario()
        scenario.brokers = brokers
        scenario.lifetime = .seconds(10)
        scenario.duration = .seconds(40)
        scenario.callEvery = .milliseconds(100)
        scenario.startSpread = .milliseconds(300)
        scenario.maxLag = .zero
        scenario.maxSkew = .zero
        scenario.answersWritesLate = true
        scenario.hasDatedTokens = true
        scenario.writesPerSecond = 40
        scenario.timeout = .seconds(2)
        return scenario
    }

    /// Up to five brokers and tokens with a short lifetime, for a minute.
    private static func small(_ random: inout SeededGenerator) -> Scenario {
        var scenario = Scenario()
        scenario.brokers = Int.random(in: 1...5, using: &random)
        scenario.lifetime = .seconds(Int.random(in: 15...40, using: &random))
        scenario.duration = .seconds(60)
        scenario.callEvery = .seconds(1)
        scenario.startSpread = .seconds(Int.random(in: 0...5, using: &random))
        return scenario
    }

    /// A small fleet without failures. The seed decides its conditions.
    package static func calm(seed: UInt64) -> Scenario {
        var random = SeededGenerator(seed: seed ^ 0xCA14_0000)
        var scenario = small(&random)
        scenario.maxLag = .milliseconds([0, 300].randomElement(using: &random) ?? 0)
        scenario.hasDatedTokens = Bool.random(using: &random)
        scenario.issuerLatency = [0.05...0.3, 0.1...0.8].randomElement(using: &random) ?? 0.1...0.8
        scenario.timeout = .seconds([2, 5].randomElement(using: &random) ?? 5)
        scenario.usesTable = Bool.random(using: &random)
        return scenario
    }

    /// A small fleet with every kind of failure. The seed decides the mix.
    package static func chaos(seed: UInt64) -> Scenario {
        var random = SeededGenerator(seed: seed ^ 0xC4A0_5000)
        var scenario = small(&random)
        scenario.readsPerSecond = [1, 5, 40].randomElement(using: &random) ?? 40
        scenario.writesPerSecond = [1, 3].randomElement(using: &random) ?? 3
        scenario.maxLag = .milliseconds([0, 300, 2000].randomElement(using: &random) ?? 0)
        scenario.crashes = Int.random(in: 0...6, using: &random)
        scenario.killsFirstHolder = Bool.random(using: &random)
        scenario.storeFaults = [0, 0, 0.1, 0.4].randomElement(using: &random) ?? 0
        scenario.issuerFaults = [0, 0, 0.2, 0.7].randomElement(using: &random) ?? 0
        scenario.issuerThrottles = [0, 0, 0.3].randomElement(using: &random) ?? 0
        scenario.rejections = [0, 0, 0.05].randomElement(using: &random) ?? 0
        scenario.hasDatedTokens = Bool.random(using: &random)
        scenario.maxSkew = .milliseconds([500, 5000, 100_000].randomElement(using: &random) ?? 500)
        scenario.clockJumps = [0, 0, 3].randomElement(using: &random) ?? 0
        scenario.deniesWrites = Int.random(in: 0..<8, using: &random) == 0
        scenario.issuerLatency = [0.05...0.3, 0.1...2, 1...8].randomElement(using: &random) ?? 0.1...1
        if Int.random(in: 0..<4, using: &random) == 0 {
            let from = Double.random(in: 0...40, using: &random)
            scenario.issuerOutage = from...(from + 15)
        }
        scenario.timeout = .seconds([2, 5].randomElement(using: &random) ?? 5)
        scenario.usesTable = Bool.random(using: &random)
        return scenario
    }
}
