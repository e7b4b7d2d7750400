import LatchkeyCore
import LatchkeyMigration
import Testing

@Suite struct StatusTests {
    private static let day: Int64 = 86_400
    private static let now = WallTime(seconds: 1000 * day)

    private static func journal(
        _ state: JournalItem.State? = .verified, version: Int64 = 1, runs: [(String, Bool, Int64)] = []
    ) -> Journal {
        var journal = Journal()
        if let state {
            journal.note(
                .item(
                    JournalItem(
                        secret: "a", target: "/a", state: state, digest: "d", versionID: "v", version: version,
                        at: now)))
        }
        for (command, isClean, day) in runs {
            var run = JournalRun(
                command: command, isClean: isClean, count: 1, by: "me", at: WallTime(seconds: day * Self.day))
            run.details = fleet.details(journal, comparing: ["/a"])
            journal.note(.ran(run))
        }
        return journal
    }

    private static let fleet = FleetID(account: "111122223333", parameter: "/p")

    private static func secret(_ change: (inout SourceSecret) -> Void = { _ in }) -> SourceSecret {
        var secret = SourceSecret(name: "a")
        secret.versionID = "v"
        change(&secret)
        return secret
    }

    @Test func `The state of a secret follows from both stores and the journal`() {
        let copied = Self.journal(runs: [("copy", true, 990)])
        let deleted = { (secret: inout SourceSecret) in secret.deletion = Self.now }
        var removing = JournalRun(command: "delete", isClean: true, count: 1, by: "me", at: Self.now)
        removing.details["secret"] = "a"
        var removed = copied
        removed.note(.ran(removing))
        let cases: [(SourceSecret, Int64?, Journal, SecretMigrationState)] = [
            (Self.secret(), nil, Journal(), .open), (Self.secret(), 1, copied, .moved),
            (Self.secret(), nil, copied, .missing), (Self.secret(), 2, copied, .rewritten),
            (Self.secret { $0.versionID = "w" }, 1, copied, .changed),
            (Self.secret { $0.exists = false }, 1, copied, .gone),
            (Self.secret { $0.exists = false }, nil, copied, .lost),
            (Self.secret(deleted), 1, copied, .pending), (Self.secret(deleted), 1, removed, .deleting),
            (Self.secret(), 1, Self.journal(.begun), .begun), (Self.secret(), 1, Self.journal(.written), .begun),
            (Self.secret(), nil, Self.journal(.failed), .failed),
            (Self.secret(), nil, Self.journal(nil, runs: [("copy", true, 990)]), .open),
            (Self.secret(), nil, Self.journal(.left), .left),
            (Self.secret { $0.versionID = "w" }, nil, Self.journal(.left), .open),
            (Self.secret { $0.denied = ["secretsmanager:DescribeSecret"] }, 1, copied, .refused),
        ]
        for (secret, version, journal, state) in cases {
            #expect(SecretMigrationState(secret, target: "/a", version: version, journal) == state)
        }
    }

    private static func status(
        _ journal: Journal, version: Int64? = 1, backend: FleetBackend? = nil, counters: BrokerCounters? = nil,
        backup: [String: String]? = ["a": "v"], refused: Set<String> = [],
        _ change: (inout SourceSecret) -> Void = { _ in }
    ) -> MoveStatus {
        let manifest = backup.map { held in
            BackupManifest(
                fileDigest: "f", created: now, region: "p",
                entries: held.map { ManifestEntry(name: $0, versionID: $1, digest: "d") })
        }
        return MoveStatus(
            secrets: [(secret(change), "/a")], versions: version.map { ["/a": $0] } ?? [:], refused: refused,
            journal: journal, fleet: fleet, backend: backend, counters: counters, backup: manifest, now: now, minDays: 7
        )
    }

    @Test func `A backup without the current version of a secret does not count`() {
        let copied = Self.journal(runs: [("copy", true, 990)])
        #expect(Self.status(copied).hasBackup)
        for backup in [["b": "v"], ["a": "u"], [:]] {
            let status = Self.status(copied, backup: backup)
            #expect(!status.hasBackup && status.withoutBackupCount == 1)
            #expect(MovePhase.prepare.state(status) == .open)
            let next = status.next("--secret a", backupFile: "backup-2.cms")
            #expect(next.command == "backup --secret a --out backup-2.cms --password-file FILE")
        }
        #expect(
            Self.status(copied, backup: [:]) { $0.deletion = Self.now }.hasBackup,
            "a secret that is scheduled for deletion needs no backup")
    }

    @Test func `A printed command never selects more secrets than the move`() {
        let copied = [("copy", true, Int64(990))]
        let cutOver = copied + [("verify", true, 991), ("cutover", true, 991)]
        let cases = [
            Self.status(Self.journal(runs: cutOver), backend: .parameterStore), Self.status(Self.journal(.begun)),
            Self.status(Self.journal(runs: copied)), Self.status(Journal(), version: nil, backup: nil),
        ]
        for status in cases {
            let next = status.next(nil, backupFile: "backup.cms")
            #expect(next.command == nil && next.why.contains("--map"))
        }
        // A cut-over concerns the fleet and needs no selection.
        let proven = Self.status(Self.journal(runs: copied + [("verify", true, 1000)]))
        #expect(proven.next(nil, backupFile: "backup.cms").command == "cutover")
    }

    @Test func `Secrets that cannot be examined are reported, and no command is suggested`() {
        let status = Self.status(Self.journal(runs: [("copy", true, 990)]), refused: ["/a"])
        #expect(status.count(.refused) == 1 && !status.isCopied)
        #expect(status.next("--secret a", backupFile: "f").command == nil)
    }

    @Test func `The next command follows from the state of the move`() {
        let copied = [("copy", true, Int64(990))]
        let cutOver = copied + [("verify", true, 991), ("cutover", true, 991)]
        let cases: [(MoveStatus, String?)] = [
            (Self.status(Journal(), version: nil, backup: nil), "backup"),
            (Self.status(Journal(), version: nil), "copy"),
            (Self.status(Self.journal(.begun)), "copy"), (Self.status(Self.journal(runs: copied)), "verify"),
            (Self.status(Self.journal(runs: copied), backend: .shadow), "gate"),
            (Self.status(Self.journal(runs: copied + [("verify", true, 999)])), "verify"),
            (Self.status(Self.journal(runs: copied + [("verify", true, 1000)])), "cutover"),
            (Self.status(Self.journal(runs: copied + [("verify", false, 1000)])), "verify"),
            (Self.status(Self.journal(runs: cutOver), backend: .parameterStore), "cleanup"),
            (Self.status(Self.journal(runs: cutOver), backend: .secretsManager), "verify"),
            (Self.status(Self.journal(runs: copied + [("cutover", true, 995)]), backend: .parameterStore), nil),
            (Self.status(Self.journal(.left, runs: copied), version: nil), "plan"),
        ]
        for (status, command) in cases {
            let step = status.next("--secret a", backupFile: "backup.cms")
            #expect(step.command?.split(separator: " ").first.map(String.init) == command, "\(step)")
            #expect(!step.why.isEmpty)
        }
    }

    @Test func `Criteria that only a broker can measure are unknown without one`() {
        let status = Self.status(Self.journal(runs: [("copy", true, 990), ("verify", true, 1000)]))
        for criterion in [SuccessCriterion.reading, .issuerCalls, .startUp, .errors] {
            #expect(criterion.judge(status).state == .unknown)
        }
        #expect(SuccessCriterion.equal.judge(status).state == .met)
        #expect(MovePhase.tokens.state(status) == .unknown)
    }

    @Test func `Counters are judged by their limits`() {
        var counters = BrokerCounters()
        (counters.tokenAnswers, counters.issuerCalls) = (1000, 100)
        (counters.answers, counters.errors) = (1000, 1)
        counters.secondsOfSecret = 0.9
        func judge(_ criterion: SuccessCriterion) -> SuccessCriterion.State {
            criterion.judge(Self.status(Self.journal(), counters: counters)).state
        }
        #expect([.issuerCalls, .errors, .startUp].map(judge) == [.met, .met, .met])
        (counters.issuerCalls, counters.errors, counters.secondsOfSharedToken) = (101, 2, 0.2)
        #expect([.issuerCalls, .errors, .startUp].map(judge) == [.unmet, .unmet, .unmet])
        (counters.tokenAnswers, counters.answers) = (99, 99)
        #expect([.issuerCalls, .errors].map(judge) == [.unknown, .unknown])
    }

    @Test(arguments: [(0, 0, "0 %"), (1, 1000, "0.100 %"), (999, 1000, "99.900 %"), (1, 100_000, "0.001 %")])
    func `A share shows one error among many answers`(part: Int, whole: Int, text: String) {
        #expect(BrokerCounters.share(part, of: whole) == text)
    }
}
