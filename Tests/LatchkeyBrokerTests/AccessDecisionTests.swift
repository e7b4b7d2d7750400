import LatchkeyBroker
import LatchkeyCore
import Testing

@Suite("Decisions about access") struct AccessDecisionTests {
    private static let end = WallTime(seconds: 1_000)
    private static let before = WallTime(milliseconds: end.milliseconds - 1)

    private static let orders = Caller(
        id: "orders", scopes: [.token, .secrets], secrets: SecretPatterns(["db/*", "!db/root"]),
        profiles: ProfileGrant(["default", "mail"]), notAfter: end)

    private func decision(
        _ target: AccessRequest.Target, scopes: Scopes = [.secrets], _ mode: PolicyMode = .enforce,
        at now: WallTime = before
    ) -> AccessDecision {
        AccessDecision(AccessRequest(scopes: scopes, target: target), by: Self.orders, mode: mode, at: now)
    }

    @Test func `A caller may have what its patterns and profiles give it`() {
        #expect(decision(.secret("db/password")) == .allowed && decision(.none) == .allowed)
        #expect(decision(.profile("mail"), scopes: [.token]) == .allowed)
    }

    @Test func `Each denial has its reason`() {
        #expect(decision(.secret("api/key")) == .denied(.pattern))
        #expect(decision(.secret("secrets")) == .denied(.pattern))
        #expect(decision(.secret("db/root")) == .denied(.excluded))
        #expect(decision(.profile("pay"), scopes: [.token]) == .denied(.profile))
        #expect(decision(.none, scopes: [.admin]) == .denied(.scope))
        #expect(decision(.secret("db/password"), at: Self.end) == .denied(.expired))
    }

    @Test func `The mode observe enforces time and scopes alone`() {
        #expect(decision(.secret("api/key"), .observe) == .wouldDeny(.pattern))
        #expect(decision(.secret("db/root"), .observe) == .wouldDeny(.excluded))
        #expect(decision(.profile("pay"), scopes: [.token], .observe) == .wouldDeny(.profile))
        #expect(decision(.none, scopes: [.admin], .observe) == .denied(.scope))
        #expect(decision(.secret("api/key"), .observe, at: Self.end) == .denied(.expired))
        #expect(decision(.secret("db/password"), .observe) == .allowed)
    }

    @Test func `A route without scopes is closed to a caller that has metrics alone`() {
        let scraper = Caller(id: "scraper", scopes: [.metrics])
        let decide = { (scopes: Scopes) in
            AccessDecision(AccessRequest(scopes: scopes), by: scraper, mode: .enforce, at: Self.before)
        }
        #expect(decide([]) == .denied(.scope) && decide([.metrics]) == .allowed)
        #expect(decision(.none, scopes: []) == .allowed)
    }

    @Test func `A caller without secrets and profiles in the file has none and the default profile`() {
        let caller = Caller(id: "a", scopes: .all)
        let decide = { (target: AccessRequest.Target) in
            AccessDecision(AccessRequest(scopes: [], target: target), by: caller, mode: .enforce, at: Self.end)
        }
        #expect(decide(.secret("a")) == .denied(.pattern) && decide(.secret("secrets")) == .denied(.pattern))
        #expect(decide(.profile("default")) == .allowed && decide(.profile("mail")) == .denied(.profile))
    }

    @Test func `A list is left with what the caller may have`() {
        let names = ["api/key", "db/password", "db/root", "secrets"]
        let enforced = CallerAccess(Self.orders, .enforce).filter(names) { $0 }
        #expect(enforced.map(\.element) == ["db/password"] && enforced.map(\.wouldDeny) == [nil])
        let observed = CallerAccess(Self.orders, .observe).filter(names) { $0 }
        #expect(observed.map(\.element) == names)
        #expect(observed.map(\.wouldDeny) == [.pattern, nil, .excluded, .pattern])
        let unrestricted = CallerAccess.unrestricted.filter(names) { $0 }
        #expect(unrestricted.map(\.element) == names && unrestricted.allSatisfy { $0.wouldDeny == nil })
    }
}
