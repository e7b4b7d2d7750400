import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import LatchkeyService
import LatchkeyTestSupport
import Testing

@Suite struct ReadinessRuleTests {
    typealias Rule = ReadinessRule
    let now = ManualClock().now

    static let cases: [(Rule.Supply, Rule.Supply, Rule.Status)] = [
        // Both in use: one that can be served is enough.
        (.available, .available, .ok), (.available, .untried, .ok),
        (.available, .unavailable, .degraded), (.available, .servedFromMemory, .degraded),
        (.servedFromMemory, .available, .degraded),
        (.servedFromMemory, .servedFromMemory, .degraded), (.servedFromMemory, .untried, .degraded),
        (.servedFromMemory, .unavailable, .degraded),
        (.unavailable, .available, .degraded), (.unavailable, .servedFromMemory, .degraded),
        (.untried, .available, .ok),
        (.untried, .untried, .unavailable), (.untried, .unavailable, .unavailable),
        (.unavailable, .untried, .unavailable), (.unavailable, .unavailable, .unavailable),
        // Only secrets.
        (.available, .unused, .ok), (.servedFromMemory, .unused, .degraded), (.untried, .unused, .unavailable),
        (.unavailable, .unused, .unavailable),
        // Only tokens: the first caller is admitted, because an issuer is asked only for a caller.
        (.unused, .available, .ok), (.unused, .servedFromMemory, .degraded), (.unused, .untried, .ok),
        (.unused, .unavailable, .unavailable), (.unused, .unused, .ok),
    ]

    @Test(arguments: cases)
    func `The status follows from the supplies in use`(
        secrets: Rule.Supply, tokens: Rule.Supply, status: Rule.Status
    ) {
        var rule = Rule(secrets: secrets, tokens: tokens)
        #expect(rule.status == status)
        #expect(rule.isReady == (status != .unavailable))
        rule.isHealthy = false
        #expect(rule.status == (status == .unavailable ? .unavailable : .degraded), "something else fails")
        rule.isStopping = true
        #expect(!rule.isReady, "asked to stop")
        #expect(rule.status == (status == .unavailable ? .unavailable : .degraded))
    }

    @Test func `Secrets are served from memory up to their limits and not longer`() {
        let end = now.monotonic + .seconds(10)
        let late = Now(monotonic: end, wall: now.wall)
        func supply(_ state: TierStatus.State, _ until: MonotonicTime?, _ now: Now) -> Rule.Supply {
            Rule.secrets(isUsed: true, store: state, usableUntil: until, now)
        }
        #expect(supply(.ok, nil, now) == .available)
        #expect(supply(.failing, end, now) == .servedFromMemory)
        #expect(supply(.failing, end, late) == .unavailable)
        #expect(supply(.failing, nil, now) == .unavailable)
        #expect(supply(.unknown, nil, now) == .untried, "cold")
        #expect(Rule.secrets(isUsed: false, store: .failing, usableUntil: nil, now) == .unused)
    }

    @Test func `Tokens are available if an issuer or the shared tier answers or one in memory is valid`() {
        func status(_ state: TierStatus.State, _ tier: Tier = .auth0) -> TierStatus {
            var status = TierHealth().status(tier)
            status.state = state
            status.lastFailure = now
            return status
        }
        func supply(
            _ issuers: [TierStatus], shared: TierStatus? = nil, hasToken: Bool = false, isUsed: Bool = true,
            after: Duration = .zero
        ) -> Rule.Supply {
            let later = Now(monotonic: now.monotonic + after, wall: now.wall)
            return Rule.tokens(isUsed: isUsed, issuers: issuers, shared: shared, hasToken: hasToken, later)
        }
        #expect(supply([status(.unknown)]) == .untried)
        #expect(supply([status(.ok)]) == .available)
        #expect(supply([status(.failing), status(.ok, .oauth2)]) == .available)
        #expect(supply([status(.failing)]) == .unavailable)
        #expect(supply([status(.failing)], shared: status(.ok, .parameterStore)) == .available)
        #expect(supply([status(.unknown)], shared: status(.failing, .parameterStore)) == .untried)
        #expect(supply([status(.failing)], hasToken: true) == .servedFromMemory)
        #expect(supply([status(.unknown)], hasToken: true) == .available)
        // Without a request nobody would notice that the issuer is back.
        #expect(supply([status(.failing)], after: .seconds(9)) == .unavailable)
        #expect(supply([status(.failing)], after: .seconds(10)) == .untried)
        #expect(supply([status(.failing)], isUsed: false) == .unused)
        #expect(supply([], hasToken: true, isUsed: false) == .available)
    }
}
