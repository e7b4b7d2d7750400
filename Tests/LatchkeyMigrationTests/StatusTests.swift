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
            journal.note(
                .ran(
                    JournalRun(
                        command: command, isClean: isClean, count: 1, by: "me",
                        at: WallTime(seconds: day * Self.day))))
        }
        return journal
    }

    private static func secret(_ change: (inout OldSecret) -> Void = { _ in }) -> OldSecret {
        var secret = OldSecret(name: "a")
        secret.versionID = "v"
        change(&secret)
        return secret
    }

    @Test func `A secret stands where both stores and the journal say`() {
        let copied = Self.journal(runs: [("copy", true, 990)])
        let deleted = { (secret: inout OldSecret) in secret.deletion = Self.now }
        var removing = JournalRun(command: "delete", isClean: true, count: 1, by: "me", at: Self.now)
        removing.details["secret"] = "a"
        var removed = copied
        removed.note(.ran(removing))
        let cases: [(OldSecret, Int64?, Journal, Standing)] = [
            (Self.secret(), nil, Journal(), .open), (Self.secret(), 1, copied, .moved),
            (Self.secret(), nil, copied, .missing), (Self.secret(), 2, copied, .rewritten),
            (Self.secret { $0.versionID = "w" }, 1, copied, .changed),
            (Self.secret { $0.exists = false }, 1, copied, .gone),
            (Self.secret { $0.exists = false }, nil, copied, .lost),
            (Self.secret(deleted), 1, copied, .pending), (Self.secret(deleted), 1, removed, .deleting),
            (Self.secret(), 1, Self.journal(.begun), .begun), (Self.secret(), 1, Self.journal(.written), .begun),
            (Self.secret(), nil, Self.journal(.failed), .failed),
            (Self.secret(), nil, Self.journal(nil, runs: [("copy", true, 990)]), .left),
            (Self.secret(), nil, Self.journal(nil, runs: [("copy", false, 990)]), .open),
        ]
        for (secret, version, journal, standing) in cases {
            #expect(Standing(secret, target: "/a", version: version, journal) == standing)
        }
    }

    private static func status(
        _ journal: Journal, version: Int64? = 1, backend: BackendInForce? = nil, figures: MoveFigures? = nil,
        hasBackup: Bool = true, _ change: (inout OldSecret) -> Void = { _ in }
    ) -> MoveStatus {
        MoveStatus(
            secrets: [(secret(change), "/a")], versions: version.map { ["/a": $0] } ?? [:], journal: journal,
            backend: backend, figures: figures, hasBackup: hasBackup, now: now, minDays: 7)
    }

    @Test func `What comes next follows from where it stands`() {
        let copied = [("copy", true, Int64(990))]
        let turned = copied + [("verify", true, 991), ("cutover", true, 991)]
        let cases: [(MoveStatus, String?)] = [
            (Self.status(Journal(), version: nil, hasBackup: false), "backup"),
            (Self.status(Journal(), version: nil), "copy"),
            (Self.status(Self.journal(.begun)), "copy"), (Self.status(Self.journal(runs: copied)), "verify"),
            (Self.status(Self.journal(runs: copied), backend: .shadow), "gate"),
            (Self.status(Self.journal(runs: copied + [("verify", true, 999)])), "verify"),
            (Self.status(Self.journal(runs: copied + [("verify", true, 1000)])), "cutover"),
            (Self.status(Self.journal(runs: copied + [("verify", false, 1000)])), "verify"),
            (Self.status(Self.journal(runs: turned), backend: .parameterStore), "cleanup"),
            (Self.status(Self.journal(runs: turned), backend: .secretsManager), "verify"),
            (Self.status(Self.journal(runs: copied + [("cutover", true, 995)]), backend: .parameterStore), nil),
            (Self.status(Self.journal(nil, runs: copied), version: nil), "plan"),
        ]
        for (status, command) in cases {
            let step = status.next("--secret a")
            #expect(step.command?.split(separator: " ").first.map(String.init) == command, "\(step)")
            #expect(!step.why.isEmpty)
        }
    }

    @Test func `Without a broker what only it can measure is unknown and never met`() {
        let status = Self.status(Self.journal(runs: [("copy", true, 990), ("verify", true, 1000)]))
        for criterion in [SuccessCriterion.reading, .issuerCalls, .startUp, .errors] {
            #expect(criterion.judge(status).state == .unknown)
        }
        #expect(SuccessCriterion.equal.judge(status).state == .met)
        #expect(MovePhase.tokens.state(status) == .unknown)
    }

    @Test func `Figures are judged by their bounds`() {
        var figures = MoveFigures()
        (figures.tokenAnswers, figures.issuerCalls) = (1000, 100)
        (figures.answers, figures.errors) = (1000, 1)
        figures.secondsOfSecret = 0.9
        func judge(_ criterion: SuccessCriterion) -> SuccessCriterion.State {
            criterion.judge(Self.status(Self.journal(), figures: figures)).state
        }
        #expect([.issuerCalls, .errors, .startUp].map(judge) == [.met, .met, .met])
        (figures.issuerCalls, figures.errors, figures.secondsOfSharedToken) = (101, 2, 0.2)
        #expect([.issuerCalls, .errors, .startUp].map(judge) == [.unmet, .unmet, .unmet])
        (figures.tokenAnswers, figures.answers) = (99, 99)
        #expect([.issuerCalls, .errors].map(judge) == [.unknown, .unknown])
    }

    @Test(arguments: [(0, 0, "0 %"), (1, 1000, "0.100 %"), (999, 1000, "99.900 %"), (1, 100_000, "0.001 %")])
    func `A share shows one of many`(part: Int, whole: Int, text: String) {
        #expect(MoveFigures.share(part, of: whole) == text)
    }
}
