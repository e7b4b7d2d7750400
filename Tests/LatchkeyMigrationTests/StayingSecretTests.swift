import LatchkeyCore
import LatchkeyMigration
import Testing

@Suite struct StayingSecretTests {
    private static let now = WallTime(seconds: 86_400_000)

    private static func item(_ name: String, _ state: JournalItem.State, reason: String? = nil) -> JournalItem {
        JournalItem(
            secret: name, target: "/\(name)", state: state, digest: "d", versionID: "v", version: 1, reason: reason,
            at: now)
    }

    private static func secret(_ name: String, _ change: (inout SourceSecret) -> Void = { _ in }) -> SourceSecret {
        var secret = SourceSecret(name: name)
        secret.versionID = "v"
        change(&secret)
        return secret
    }

    /// - Parameter parameters: the existing parameters.
    private static func status(
        _ secrets: [SourceSecret], _ items: [JournalItem], parameters: [String], kept: [String] = [],
        backend: FleetBackend? = nil, runs: [String] = []
    ) -> MoveStatus {
        var journal = Journal()
        for item in items { journal.note(.item(item)) }
        let fleet = FleetID(account: nil, parameter: "/p")
        for command in ["copy"] + runs {
            var run = JournalRun(command: command, isClean: true, count: 1, by: "me", at: now)
            run.details = fleet.details(journal, comparing: Set(items.map(\.target)))
            journal.note(.ran(run))
        }
        return MoveStatus(
            secrets: secrets.map { ($0, "/\($0.name)") },
            versions: Dictionary(uniqueKeysWithValues: parameters.map { ($0, 1) }), journal: journal, fleet: fleet,
            backend: backend, kept: KeptList(names: kept), counters: nil,
            backup: BackupManifest(
                fileDigest: "f", created: now, region: "p",
                entries: secrets.map { ManifestEntry(name: $0.name, versionID: "v", digest: "d") }), now: now,
            minDays: 7)
    }

    @Test func `Secrets without a value in Parameter Store stay, each with its reason`() {
        let status = Self.status(
            [
                Self.secret("moved"), Self.secret("binary"), Self.secret("gone") { $0.exists = false },
                Self.secret("pending") { $0.deletion = Self.now }, Self.secret("denied") { $0.denied = ["a:B"] },
                Self.secret("lost"), Self.secret("new"), Self.secret("other"),
            ],
            [
                Self.item("moved", .verified), Self.item("binary", .left, reason: "binary"),
                Self.item("lost", .verified), Self.item("other", .failed, reason: "other_value"),
                Self.item("gone", .verified),
            ], parameters: ["/moved", "/other", "/gone"])
        #expect(
            status.staying.map { [$0.name, $0.reason] } == [
                ["binary", "binary"], ["pending", "pending_deletion"], ["denied", "permission"],
                ["lost", "parameter_missing"], ["new", "not_copied"], ["other", "other_value"],
            ])
        #expect(status.staying.filter(\.isUnreadable).map(\.name) == ["pending"])
        #expect(status.staying.filter(\.isShadowed).map(\.name) == ["other"])
        #expect(status.leftCount == 3, "secrets that a copy has to move are not left")
    }

    @Test func `A listed secret counts as kept unless it was moved`() {
        let status = Self.status(
            [Self.secret("moved"), Self.secret("binary")],
            [Self.item("moved", .verified), Self.item("binary", .left, reason: "binary")], parameters: ["/moved"],
            kept: ["moved", "binary"], backend: .parameterStore)
        #expect(status.lines.map(\.state) == [.moved, .kept])
        #expect(SuccessCriterion.equal.judge(status).measured.contains("1 left in Secrets Manager (1 of them kept)"))
    }

    @Test func `The next command is a cut-over with --keep, also after a cut-over that kept nothing`() {
        let secrets = [Self.secret("moved"), Self.secret("binary")]
        let items = [Self.item("moved", .verified), Self.item("binary", .left, reason: "binary")]
        let before = Self.status(secrets, items, parameters: ["/moved"], runs: ["verify"])
        let step = before.next("--filter-prefix a/", backupFile: "b", journal: " --journal j")
        #expect(step.command == "cutover --filter-prefix a/ --keep")
        let forced = Self.status(
            secrets, items, parameters: ["/moved"], backend: .parameterStore, runs: ["verify", "cutover"])
        let after = forced.next("--filter-prefix a/", backupFile: "b")
        #expect(after.command == "cutover --filter-prefix a/ --keep")
        #expect(after.why.contains("404"))
        let kept = Self.status(
            secrets, items, parameters: ["/moved"], kept: ["binary"], backend: .parameterStore,
            runs: ["verify", "cutover"])
        #expect(kept.next("--filter-prefix a/", backupFile: "b").why.contains("wait until"))
    }

    @Test func `The kept list holds staying secrets and those of other moves, and --force empties it`() {
        let staying = [
            StayingSecret(name: "b", reason: "binary", isUnreadable: false, isShadowed: false),
            StayingSecret(name: "p", reason: "pending_deletion", isUnreadable: true, isShadowed: false),
            StayingSecret(name: "s", reason: "other_value", isUnreadable: false, isShadowed: true),
        ]
        let selected: Set<String> = ["a", "b", "p", "s"]
        let known = KeptList(names: ["a", "theirs"])
        let keeping = KeptListChange(staying: staying, selected: selected, known: known, keeps: true)
        #expect(keeping.list.names == ["b", "p", "s", "theirs"] && keeping.lost.isEmpty && keeping.shadowed.isEmpty)
        let forced = KeptListChange(staying: staying, selected: selected, known: known, keeps: false)
        #expect(forced.list.text == "placeholder")
        #expect(forced.lost == ["b", "theirs"] && forced.shadowed == ["s"])
    }

    @Test func `A selection can be read back from the journal, with each prefix and name once`() throws {
        var journal = Journal()
        for selection in [
            MoveSelection(prefixes: ["a/"], names: ["b"]), MoveSelection(names: ["a/x", "b", "c's"]),
            MoveSelection(maps: ["/m.json"]),
        ] {
            var run = JournalRun(command: "selection", isClean: true, count: 0, by: "me", at: Self.now)
            run.details[Journal.selectionDetail] = selection.text
            let line = try #require(JournalLine(JournalLine.ran(run).json))
            journal.note(line)
        }
        #expect(
            journal.selection.arguments == [
                "--filter-prefix", "a/", "--secret", "b", "--secret", "c's", "--map", "/m.json",
            ])
        #expect(MoveSelection().arguments == nil)
        #expect(MoveSelection(maps: ["/a", "/b"]).arguments == nil)
        #expect(MoveSelection(names: (0...MoveSelection.maxPrintedNames).map { "n\($0)" }).arguments == nil)
    }

    @Test func `A kept secret is never deleted`() {
        var rules = CleanupRules(
            now: Self.now, minDays: 0, journal: Journal(), parameter: "/p", backend: nil, backup: nil)
        rules.kept = KeptList(names: ["a"])
        #expect(rules.blocks(Self.secret("a"), target: "/a", hasParameter: true) == [.kept])
        #expect(!rules.blocks(Self.secret("b"), target: "/b", hasParameter: true).contains(.kept))
    }
}
