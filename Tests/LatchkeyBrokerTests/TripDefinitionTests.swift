import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import Testing

/// What a trip makes of a pair that may be of another definition of its profile.
@Suite struct TripDefinitionTests: TripBench {
    private func need(_ definition: String?, isRedefined: Bool = false) -> TokenRefresh.Need {
        var need = TokenRefresh.Need(.cold)
        need.definition = definition
        need.isRedefined = isRedefined
        return need
    }

    /// A pair of that version beside a lease of another broker.
    private func view(
        version: Int64, after: Int64, for definition: String?, replaces: String? = nil, holder: String = "other",
        purpose: Lease.Purpose = .refresh, until seconds: Double = 5
    ) -> SharedTokenSnapshot {
        let lease = Lease(
            holder: holder, until: start.wall + .seconds(seconds), after: after, purpose: purpose,
            definition: definition, replaces: replaces)
        return SharedTokenSnapshot(version: version, lease: lease, leaseVersion: 9)
    }

    private func step(_ need: TokenRefresh.Need, _ view: SharedTokenSnapshot, hasPair: Bool = true) throws
        -> TokenRefresh.Step
    {
        var trip = trip(need)
        _ = trip.begin(start)
        return trip.read(view, hasPair ? .usable(try token()) : nil, start, chance: 0.5)
    }

    @Test(
        arguments: [
            // The pair was written under the lease.
            (5, 4, "mine", nil, "token", "token"),
            (5, 4, "other", nil, "claim", "claim"),
            (5, 4, nil, nil, "token", "claim"),
            // It was written later still: nobody says by whom.
            (7, 4, "mine", nil, "token", "claim"),
            (7, 4, "other", nil, "claim", "claim"),
            // It is what the holder is about to replace. A pair that does not do is waited for.
            (4, 4, "mine", "mine", "token", "token"),
            (4, 4, "mine", "other", "pause", "pause"),
            (4, 4, "other", "mine", "token", "token"),
            (4, 4, "other", nil, "token", "pause"),
        ] as [(Int64, Int64, String?, String?, String, String)])
    func `A pair counts if it may be of the definition, and for one that has changed if it is known to be`(
        _ version: Int64, _ after: Int64, _ definition: String?, _ replaces: String?, _ settled: String,
        _ redefined: String
    ) throws {
        let view = view(version: version, after: after, for: definition, replaces: replaces)
        #expect(word(try step(need("mine"), view)) == settled)
        #expect(word(try step(need("mine", isRedefined: true), view)) == redefined)
    }

    @Test func `The settings' own profile takes pairs that name no definition, and those alone`() throws {
        for isRedefined in [false, true] {
            let need = need(nil, isRedefined: isRedefined)
            #expect(word(try step(need, view(version: 5, after: 4, for: nil))) == "token")
            #expect(word(try step(need, view(version: 5, after: 4, for: "other"))) == "claim")
        }
    }

    @Test func `A claim says what it is for and what it found`() throws {
        guard case .claim(let lease, _, _) = try step(need("mine"), view(version: 5, after: 4, for: "other")) else {
            Issue.record("no claim")
            return
        }
        #expect((lease.definition, lease.replaces, lease.after) == ("mine", "other", 5))
        #expect(Lease(lease.text) == lease)
        #expect(lease.text.contains(#""for":"mine""#) && lease.text.contains(#""replaces":"other""#))
        #expect(lease.text.utf8.count < Lease.longestText / 2)
    }

    @Test(arguments: [#""a b""#, "7", #""""#, "null"])
    func `A definition that no broker would have written is none`(_ text: String) {
        let lease = Lease(#"{"after":3,"for":\#(text),"holder":"a","until":5}"#)
        #expect(lease == Lease(holder: "a", until: WallTime(milliseconds: 5), after: 3))
    }

    @Test func `A lease that this broker took for the old definition is not waited for`() throws {
        let ours = view(version: 4, after: 4, for: "old", holder: "me")
        #expect(word(try step(need("mine", isRedefined: true), ours, hasPair: false)) == "claim")
        #expect(word(try step(need("mine"), ours, hasPair: false)) == "pause")
        #expect(
            word(try step(need("mine", isRedefined: true), view(version: 4, after: 4, for: "old"), hasPair: false))
                == "pause")
    }

    @Test func `What another definition's issuer asked for binds nobody else`() throws {
        let mine = view(version: 4, after: 4, for: "mine", purpose: .rest)
        let other = view(version: 4, after: 4, for: "other", purpose: .rest)
        let unnamed = view(version: 4, after: 4, for: nil, purpose: .rest)
        #expect(word(try step(need("mine"), mine, hasPair: false)) == "failed")
        #expect(word(try step(need("mine"), other, hasPair: false)) == "claim")
        #expect(word(try step(need("mine"), unnamed, hasPair: false)) == "failed")
        #expect(word(try step(need("mine", isRedefined: true), unnamed, hasPair: false)) == "claim")
        var ahead = need("mine")
        ahead.reason = .ahead
        ahead.current = try token("current", lifetime: .seconds(200))
        let sparing = { (definition: String) in
            self.view(version: 4, after: 3, for: definition, purpose: .spare, until: 100)
        }
        guard case .done(let outcome) = try step(ahead, sparing("mine"), hasPair: false) else {
            Issue.record("it does not spare")
            return
        }
        #expect(outcome.sparesFor == .seconds(100))
        #expect(word(try step(ahead, sparing("other"), hasPair: false)) == "claim")
    }
}
