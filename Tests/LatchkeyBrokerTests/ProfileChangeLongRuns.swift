import LatchkeyBroker
import LatchkeyTestSupport
import Testing

@Suite struct ProfileChangeLongRuns {
    @Test
    func `Whatever changes, a token is of the definition that is in force, and an unchanged profile keeps its own`()
        async throws
    {
        for number in LongRun.cases(of: 2_000, "profiles that change") {
            var chance = SeededGenerator(seed: number)
            let profiles = ProfileBench()
            var (model, held, old): ([String: Int], [String: String], [ProfileID]) = ([:], [:], [])
            for step in 0..<20 {
                let names = ["a", "b", "c", "d", "e", "f", "g"].shuffled(using: &chance).prefix(2)
                let wanted = names.map { ($0, Int.random(in: 0..<2, using: &chance)) }
                old += profiles.broker.names.entries.map(\.id)
                profiles.broker.replace(
                    with: [profiles.profile("default", nil, gives: "default")]
                        + wanted.map { name, definition in
                            profiles.profile(name, "\(definition)", gives: "\(name)-\(definition)-\(step)")
                        })
                held = held.filter { name, _ in wanted.contains { $0.0 == name && $0.1 == model[name] } }
                model = Dictionary(uniqueKeysWithValues: wanted)
                for (name, definition) in wanted {
                    let got = try await profiles.token(name)
                    #expect(got.hasPrefix("\(name)-\(definition)-"), "case \(number), step \(step)")
                    #expect(held[name] ?? got == got, "case \(number), step \(step): \(name) keeps its token")
                    held[name] = got
                }
                // Whoever comes with a profile as it was at any time before finds it unchanged, or nothing.
                let current = Set(profiles.broker.names.entries.map(\.id))
                for id in old where !current.contains(id) {
                    #expect(profiles.broker.cached(id, now: profiles.bench.now) == nil, "case \(number), step \(step)")
                }
            }
        }
    }
}
