import LatchkeyBroker
import LatchkeyTestSupport
import Testing

@Suite struct ProfileChangeLongRuns {
    @Test
    func `Whatever changes, a token has the current definition, and an unchanged profile keeps its token`()
        async throws
    {
        for number in LongRun.cases(of: 2_000, "profiles that change") {
            var random = SeededGenerator(seed: number)
            let profiles = ProfileFixture()
            var (model, held, old): ([String: Int], [String: String], [ProfileID]) = ([:], [:], [])
            for step in 0..<20 {
                let names = ["a", "b", "c", "d", "e", "f", "g"].shuffled(using: &random).prefix(2)
                let profilesNow = names.map { ($0, Int.random(in: 0..<2, using: &random)) }
                old += profiles.broker.names.entries.map(\.id)
                profiles.broker.replace(
                    with: [profiles.profile("default", nil, issuing: "default")]
                        + profilesNow.map { name, definition in
                            profiles.profile(name, "\(definition)", issuing: "\(name)-\(definition)-\(step)")
                        })
                held = held.filter { name, _ in profilesNow.contains { $0.0 == name && $0.1 == model[name] } }
                model = Dictionary(uniqueKeysWithValues: profilesNow)
                for (name, definition) in profilesNow {
                    let got = try await profiles.token(name)
                    #expect(got.hasPrefix("\(name)-\(definition)-"), "case \(number), step \(step)")
                    #expect(held[name] ?? got == got, "case \(number), step \(step): \(name) keeps its token")
                    held[name] = got
                }
                // A caller with an earlier id finds the unchanged profile, or nothing.
                let current = Set(profiles.broker.names.entries.map(\.id))
                for id in old where !current.contains(id) {
                    #expect(
                        profiles.broker.cached(id, now: profiles.fixture.now) == nil, "case \(number), step \(step)")
                }
            }
        }
    }
}
