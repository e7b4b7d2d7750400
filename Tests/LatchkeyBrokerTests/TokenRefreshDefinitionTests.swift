import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// Pairs that may be of another definition of the profile.
@Suite struct TokenRefreshDefinitionTests: TokenRefreshFixture {
    private func need(_ definition: String?, isRedefined: Bool = false) -> TokenRefresh.Need {
        var need = TokenRefresh.Need(.cold)
        need.definition = definition
        need.isRedefined = isRedefined
        return need
    }

    /// A pair of that version beside a lease, by default of another replica.
    private func snapshot(
        version: Int64, after: Int64, for definition: String?, replaces: String? = nil, holder: String = "other",
        purpose: Lease.Purpose = .refresh, until seconds: Double = 5
    ) -> SharedTokenSnapshot {
        let lease = Lease(
            holder: holder, until: start.wall + .seconds(seconds), after: after, purpose: purpose,
            definition: definition, replaces: replaces)
        return SharedTokenSnapshot(version: version, lease: lease, leaseVersion: 9)
    }

    private func step(_ need: TokenRefresh.Need, _ snapshot: SharedTokenSnapshot, hasPair: Bool = true) throws
        -> TokenRefresh.Step
    {
        var refresh = refresh(need)
        _ = refresh.begin(start)
        return refresh.read(snapshot, hasPair ? .usable(try token()) : nil, start, jitter: 0.5)
    }

    @Test(
        arguments: [
            // The pair was written under the lease.
            (5, 4, "mine", nil, .token, .token),
            (5, 4, "other", nil, .claim, .claim),
            (5, 4, nil, nil, .token, .claim),
            // The pair was written later still, so its writer is unknown.
            (7, 4, "mine", nil, .token, .claim),
            (7, 4, "other", nil, .claim, .claim),
            // The holder is about to replace the pair. A pair of another definition is not accepted, so the lease is
            // waited for.
            (4, 4, "mine", "mine", .token, .token),
            (4, 4, "mine", "other", .pause, .pause),
            (4, 4, "other", "mine", .token, .token),
            (4, 4, "other", nil, .token, .pause),
        ] as [(Int64, Int64, String?, String?, StepKind, StepKind)])
    func `A pair is accepted if it may have the definition; after a change, only if it is known to have it`(
        version: Int64, after: Int64, definition: String?, replaces: String?, settled: StepKind, redefined: StepKind
    ) throws {
        let snapshot = snapshot(version: version, after: after, for: definition, replaces: replaces)
        #expect(try step(need("mine"), snapshot).kind == settled)
        #expect(try step(need("mine", isRedefined: true), snapshot).kind == redefined)
    }

    @Test func `The profile of the settings accepts pairs without a definition only`() throws {
        for isRedefined in [false, true] {
            let need = need(nil, isRedefined: isRedefined)
            #expect(try step(need, snapshot(version: 5, after: 4, for: nil)).kind == .token)
            #expect(try step(need, snapshot(version: 5, after: 4, for: "other")).kind == .claim)
        }
    }

    @Test func `A claim names its definition and the one that it found`() throws {
        guard case .claim(let lease, _, _) = try step(need("mine"), snapshot(version: 5, after: 4, for: "other")) else {
            Issue.record("no claim")
            return
        }
        #expect((lease.definition, lease.replaces, lease.after) == ("mine", "other", 5))
        #expect(Lease(lease.text) == lease)
        #expect(lease.text.contains(#""for":"mine""#) && lease.text.contains(#""replaces":"other""#))
        #expect(lease.text.utf8.count < Lease.maxTextBytes / 2)
    }

    @Test(arguments: [#""a b""#, "7", #""""#, "null"])
    func `A definition that no broker would have written is ignored`(_ text: String) {
        let lease = Lease(#"{"after":3,"for":\#(text),"holder":"a","until":5}"#)
        #expect(lease == Lease(holder: "a", until: WallTime(milliseconds: 5), after: 3))
    }

    @Test func `A replica does not wait for its own lease of the old definition`() throws {
        let ours = snapshot(version: 4, after: 4, for: "old", holder: "me")
        #expect(try step(need("mine", isRedefined: true), ours, hasPair: false).kind == .claim)
        #expect(try step(need("mine"), ours, hasPair: false).kind == .pause)
        #expect(
            try step(need("mine", isRedefined: true), snapshot(version: 4, after: 4, for: "old"), hasPair: false).kind
                == .pause)
    }

    @Test func `The backoff and the quota of another definition's issuer do not apply`() throws {
        let mine = snapshot(version: 4, after: 4, for: "mine", purpose: .issuerBackoff)
        let other = snapshot(version: 4, after: 4, for: "other", purpose: .issuerBackoff)
        let unnamed = snapshot(version: 4, after: 4, for: nil, purpose: .issuerBackoff)
        #expect(try step(need("mine"), mine, hasPair: false).kind == .failed)
        #expect(try step(need("mine"), other, hasPair: false).kind == .claim)
        #expect(try step(need("mine"), unnamed, hasPair: false).kind == .failed)
        #expect(try step(need("mine", isRedefined: true), unnamed, hasPair: false).kind == .claim)
        var ahead = need("mine")
        ahead.reason = .ahead
        ahead.current = try token("current", lifetime: .seconds(200))
        let conserving = { (definition: String) in
            self.snapshot(version: 4, after: 3, for: definition, purpose: .conserveQuota, until: 100)
        }
        guard case .done(let outcome) = try step(ahead, conserving("mine"), hasPair: false) else {
            Issue.record("it does not conserve the quota")
            return
        }
        #expect(outcome.conserveQuotaFor == .seconds(100))
        #expect(try step(ahead, conserving("other"), hasPair: false).kind == .claim)
    }
}
