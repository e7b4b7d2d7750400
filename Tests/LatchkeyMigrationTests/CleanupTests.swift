import LatchkeyCore
import LatchkeyMigration
import Testing

@Suite struct CleanupTests {
    private static let day: Int64 = 86_400
    private let now = WallTime(seconds: 1000 * Self.day)

    /// A secret that no rule keeps: verified, cut over ten days ago, and in the backup.
    private struct Case {
        var secret = SourceSecret(name: "a")
        var version: String? = "v"
        var state = JournalItem.State.verified
        var cutOver: Int64? = 990
        var backend: String? = "parameter-store"
        var written: Int64? = 990
        var hasParameter = true
        var backup: [ManifestEntry]? = [ManifestEntry(name: "a", versionID: "v", digest: "d")]
        var minDays = 7

        init() {
            secret.versionID = "v"
            secret.lastAccessed = WallTime(seconds: 985 * CleanupTests.day)
        }

        func codes(now: WallTime) -> [String] {
            var journal = Journal()
            journal.note(
                .item(
                    JournalItem(
                        secret: "a", target: "/a", state: state, digest: "d", versionID: version, version: 1,
                        at: WallTime(seconds: 0))))
            if let cutOver {
                var run = JournalRun(
                    command: "cutover", isClean: true, count: 0, by: "me",
                    at: WallTime(seconds: cutOver * CleanupTests.day))
                run.details["parameter"] = "/p"
                journal.note(.ran(run))
            }
            let manifest = backup.map {
                BackupManifest(fileDigest: "f", created: WallTime(seconds: 0), region: "p", entries: $0)
            }
            var rules = CleanupRules(
                now: now, minDays: minDays, journal: journal, parameter: "/p", backend: backend, backup: manifest)
            rules.backendWritten = written.map { WallTime(seconds: $0 * CleanupTests.day) }
            let found = rules.blocks(secret, target: "/a", hasParameter: hasParameter)
            #expect(found.allSatisfy { !$0.explanation.isEmpty })
            return found.map(\.code)
        }
    }

    @Test func `A secret that was moved, cut over and not read recently may be deleted`() {
        #expect(Case().codes(now: now) == [])
    }

    @Test func `Each rule alone keeps a secret`() {
        let rules: [(String, (inout Case) -> Void)] = [
            ("not_found", { $0.secret.exists = false }),
            ("not_moved", { $0.state = .written }),
            ("changed_since", { $0.version = "w" }),
            ("parameter_missing", { $0.hasParameter = false }),
            ("owned_by_service", { $0.secret.owningService = "rds" }),
            ("replicas", { $0.secret.replicas = ["eu-west-1"] }),
            ("not_cut_over", { $0.cutOver = nil }),
            ("not_in_force", { $0.backend = "secrets-manager" }), ("not_in_force", { $0.backend = "shadow" }),
            ("not_in_force", { $0.backend = nil }), ("not_in_force", { $0.backend = "parameterstore" }),
            ("too_soon", { $0.cutOver = 994 }),
            ("too_soon", { $0.written = 994 }),
            ("recently_read", { $0.secret.lastAccessed = WallTime(seconds: 993 * Self.day) }),
            ("no_backup", { $0.backup = nil }),
            ("not_in_backup", { $0.backup = [ManifestEntry(name: "a", versionID: "u", digest: "d")] }),
            ("permission", { $0.secret.denied = ["secretsmanager:DescribeSecret"] }),
        ]
        for (code, change) in rules {
            var one = Case()
            change(&one)
            #expect(one.codes(now: now) == [code])
        }
    }

    @Test func `Waiting times are exact to the second, and the day of a read counts to its end`() {
        var one = Case()
        (one.cutOver, one.written) = (993, nil)
        one.secret.lastAccessed = WallTime(seconds: 992 * Self.day)
        #expect(one.codes(now: now) == [])
        #expect(one.codes(now: WallTime(seconds: 1000 * Self.day - 1)) == ["too_soon", "recently_read"])
        one.secret.lastAccessed = nil
        one.minDays = 0
        #expect(one.codes(now: WallTime(seconds: 993 * Self.day)) == [])
    }

    @Test func `No rule keeps a secret whose deletion is already scheduled`() {
        var one = Case()
        one.secret.deletion = now
        one.cutOver = nil
        #expect(one.codes(now: now) == [])
    }
}
