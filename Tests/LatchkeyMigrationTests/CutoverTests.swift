import LatchkeyCore
import LatchkeyMigration
import Testing

@Suite struct CutoverTests {
    private let hour: Int64 = 3600

    private func sample(
        _ at: Int64, started: Int64 = 0, matches: Int, mismatches: Int = 0, errors: Int = 0
    ) -> ShadowSample {
        ShadowSample(
            at: WallTime(seconds: at), started: WallTime(seconds: started), matches: matches, mismatches: mismatches,
            errors: errors)
    }

    private let gate = ShadowGate(window: .seconds(24 * 3600), minComparisons: 100)

    @Test func `A broker that has made enough comparisons over the whole window opens the gate`() {
        #expect(gate.judge(sample(24 * hour, matches: 100), earlier: []) == .open(matches: 100))
        #expect(gate.judge(sample(24 * hour, matches: 99), earlier: []) == .tooFew(matches: 99, wanted: 100))
        #expect(gate.judge(sample(24 * hour, matches: 5000, mismatches: 1), earlier: []) == .mismatches(1))
        #expect(gate.judge(sample(24 * hour, matches: 0), earlier: []) == .noShadow)
    }

    @Test func `A broker that was started within the window does not open the gate`() {
        #expect(
            gate.judge(sample(24 * hour - 1, matches: 5000), earlier: []) == .tooShort(covered: .seconds(24 * hour - 1))
        )
        #expect(gate.judge(sample(10, matches: 5000, mismatches: 3), earlier: []) == .mismatches(3))
        #expect(gate.judge(sample(10, matches: 0), earlier: []) == .noShadow)
    }

    @Test func `Comparisons before the window do not count`() {
        let earlier = [
            sample(10 * hour, matches: 50, mismatches: 2), sample(20 * hour, matches: 500, mismatches: 7),
            sample(30 * hour, matches: 900, mismatches: 7),
        ]
        // The window begins at 26 h: the sample at 20 h is the last before it.
        #expect(gate.judge(sample(50 * hour, matches: 1000, mismatches: 7), earlier: earlier) == .open(matches: 500))
        #expect(gate.judge(sample(50 * hour, matches: 1000, mismatches: 8), earlier: earlier) == .mismatches(1))
    }

    @Test func `Samples from before the restart of a broker do not count`() {
        let earlier = [sample(20 * hour, matches: 500)]
        let now = sample(50 * hour, started: 40 * hour, matches: 1000)
        #expect(gate.judge(now, earlier: earlier) == .tooShort(covered: .seconds(10 * hour)))
    }

    @Test func `A sample can be read back from the journal`() throws {
        var run = JournalRun(command: "gate", isClean: true, count: 1, by: "me", at: WallTime(seconds: 9))
        run.details = sample(9, started: 1, matches: 2, mismatches: 3, errors: 4).details
        #expect(ShadowSample(run) == sample(9, started: 1, matches: 2, mismatches: 3, errors: 4))
        run.command = "verify"
        #expect(ShadowSample(run) == nil)
    }

    @Test func `A cut-over needs a clean verify or gate of the last hour`() {
        func proof(_ runs: [(String, Bool, Int64)]) -> CutoverProof {
            var journal = Journal()
            for (command, isClean, at) in runs {
                var run = JournalRun(
                    command: command, isClean: isClean, count: 1, by: "me", at: WallTime(seconds: at))
                run.details = here.details(journal, comparing: [])
                journal.note(.ran(run))
            }
            return CutoverProof(journal, of: here, now: WallTime(seconds: 10 * hour))
        }
        #expect(proof([]) == .none)
        #expect(proof([("copy", true, 10 * hour)]) == .none)
        #expect(proof([("verify", true, 9 * hour)]).holds)
        #expect(proof([("gate", true, 10 * hour), ("copy", true, 10 * hour)]).holds)
        #expect(!proof([("verify", true, 9 * hour - 1)]).holds)
        #expect(!proof([("verify", true, 10 * hour), ("gate", false, 10 * hour)]).holds)
        #expect(!proof([("verify", true, 10 * hour + 5)]).holds, "a clock that was set back proves nothing")
    }

    private let here = FleetID(account: "111122223333", parameter: "/p")

    /// A journal that has moved `a` and `b`, with a clean verify of `targets` for `fleet`.
    private func compared(_ targets: Set<String>, count: Int = 2, for fleet: FleetID) -> Journal {
        var journal = Journal()
        for name in ["a", "b"] { journal.note(moved(name, version: 1)) }
        var run = JournalRun(command: "verify", isClean: true, count: count, by: "me", at: WallTime(seconds: 1))
        run.details = fleet.details(journal, comparing: targets)
        journal.note(.ran(run))
        return journal
    }

    private func moved(_ name: String, version: Int64) -> JournalLine {
        .item(
            JournalItem(
                secret: name, target: "/\(name)", state: .verified, digest: "d", version: version,
                at: WallTime(seconds: 0)))
    }

    private func proof(_ journal: Journal) -> CutoverProof {
        CutoverProof(journal, of: here, now: WallTime(seconds: 2))
    }

    @Test func `A verify of some copies, or of other secrets, proves nothing for all copies`() {
        #expect(proof(compared(["/a", "/b", "/c"], for: here)).holds)
        #expect(proof(compared(["/a"], count: 1, for: here)) == .partial(count: 1, moved: 2))
        #expect(proof(compared(["/c", "/d"], for: here)) == .partial(count: 2, moved: 2))
        #expect(proof(compared(["/a", "/c"], count: 9, for: here)) == .partial(count: 9, moved: 2))
    }

    @Test func `A verify proves nothing for later copies`() {
        for line in [moved("c", version: 1), moved("b", version: 2)] {
            var journal = compared(["/a", "/b"], for: here)
            journal.note(line)
            #expect(!proof(journal).holds)
        }
        var journal = compared(["/a", "/b"], for: here)
        journal.note(moved("b", version: 1))
        #expect(proof(journal).holds, "a copy that found the same version again changes nothing")
    }

    @Test func `A verify or gate for another account or prefix proves nothing here`() {
        let others = [
            FleetID(account: "444455556666", parameter: "/p"), FleetID(account: nil, parameter: "/p"),
            FleetID(account: "111122223333", parameter: "/other"),
        ]
        for other in others {
            #expect(proof(compared(["/a", "/b"], for: other)) == .elsewhere(command: "verify"))
        }
        var journal = Journal()
        var gate = JournalRun(command: "gate", isClean: true, count: 1, by: "me", at: WallTime(seconds: 1))
        gate.details["parameter"] = "/other"
        journal.note(.ran(gate))
        #expect(proof(journal) == .elsewhere(command: "gate"))
        gate.details["parameter"] = "/p"
        journal.note(.ran(gate))
        #expect(proof(journal).holds)
    }

    @Test func `The other variables of a function stay unchanged`() {
        let variables = ["A": "1", "USE_PARAMETER_STORE": "false", "B": "{\"c\":2}"]
        let merged = BackendVariable.merged(into: variables, .parameterStore)
        #expect(merged == ["A": "1", "USE_PARAMETER_STORE": "true", "B": "{\"c\":2}"])
        #expect(BackendVariable.merged(into: [:], .secretsManager) == ["USE_PARAMETER_STORE": "false"])
        #expect(BackendVariable.merged(into: merged, .shadow) == variables)
    }
}
