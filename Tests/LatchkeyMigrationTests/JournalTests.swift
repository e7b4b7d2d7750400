import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMigration
import Testing

@Suite struct JournalTests {
    private let header = JournalHeader(id: "j", keyMark: "m", region: "us-east-1", at: WallTime(milliseconds: 1))
    private let item = JournalItem(
        secret: "a", target: "/a", state: .written, digest: "d", versionID: "v", version: 1, reason: nil,
        at: WallTime(milliseconds: 2))
    private let run = JournalRun(command: "copy", isClean: true, count: 1, by: "me", at: WallTime(milliseconds: 3))

    private func bytes(_ lines: [JournalLine]) -> [UInt8] { lines.flatMap { $0.json.bytes() + [0x0A] } }

    @Test func `A journal is read back as it was written`() throws {
        let journal = try Journal(bytes([.opened(header), .item(item), .ran(run)]))
        #expect(journal.header == header)
        #expect(journal.items == ["/a": item])
        #expect(journal.runs == [run] && journal.last("copy") == run)
        #expect(!journal.isUnfinished)
    }

    @Test func `A journal that is cut off anywhere can be read up to its last complete line`() throws {
        let whole = bytes([.opened(header), .item(item), .ran(run)])
        let ends = whole.indices.filter { whole[$0] == 0x0A }.map { $0 + 1 }
        for length in 0...whole.count {
            let journal = try Journal(Array(whole[..<length]))
            #expect(journal.wholeBytes == ends.last { $0 <= length } ?? 0)
            #expect((journal.header == nil) == (length < ends[0]))
            #expect(journal.items.isEmpty == (length < ends[1]))
            #expect(journal.isUnfinished == (ends[1]..<ends[2]).contains(length))
        }
    }

    @Test func `A file that is not a journal is rejected`() {
        #expect(throws: Journal.FormatError.noHeader) { try Journal(Array("{}\n".utf8)) }
        #expect(throws: Journal.FormatError.noHeader) { try Journal(bytes([.item(item)])) }
        #expect(throws: Journal.FormatError.foreignLine(2)) {
            try Journal(bytes([.opened(header)]) + Array("x\n".utf8))
        }
    }

    @Test func `A cut-over counts from its first entry until a rollback`() {
        var journal = Journal()
        #expect(journal.cutOverSince("/p") == nil)
        for line in [Self.entry("cutover", 1), Self.entry("verify", 2), Self.entry("rollback", 3)] {
            journal.note(line)
        }
        #expect(journal.cutOverSince("/p") == nil)
        for line in [Self.entry("cutover", 4), Self.entry("gate", 5), Self.entry("cutover", 6)] { journal.note(line) }
        #expect(journal.cutOverSince("/p") == WallTime(seconds: 4 * 86_400))
        #expect(journal.cutOverSince("/other") == nil, "another fleet was not switched")
    }

    private static func entry(_ command: String, _ day: Int64, to backend: String? = nil) -> JournalLine {
        var run = JournalRun(
            command: command, isClean: true, count: 0, by: "me", at: WallTime(seconds: day * 86_400))
        run.details["parameter"] = "/p"
        run.details["to"] = backend
        return .ran(run)
    }

    @Test func `A cut-over ends when the fleet is switched away, or may have been`() {
        let away = [
            Self.entry("rollback", 2), Self.entry("shadow", 2), Self.entry("turn", 2, to: "secrets-manager"),
            Self.entry("turn", 2, to: "shadow"),
        ]
        for line in away {
            var journal = Journal()
            journal.note(Self.entry("cutover", 1))
            journal.note(line)
            #expect(journal.cutOverSince("/p") == nil, "\(line)")
        }
        var journal = Journal()
        journal.note(Self.entry("cutover", 1))
        journal.note(Self.entry("turn", 2, to: "parameter-store"))
        #expect(journal.cutOverSince("/p") == WallTime(seconds: 86_400))
        var other = Journal()
        other.note(Self.entry("turn", 2, to: "parameter-store"))
        #expect(other.cutOverSince("/p") == nil, "a cut-over that did not finish does not count")
    }

    @Test func `Secrets that a copy leaves are kept apart from those it moves`() {
        var left = item
        (left.state, left.secret) = (.left, "b")
        var journal = Journal()
        journal.note(.item(item))
        journal.note(.ran(run))
        journal.note(.item(left))
        #expect(journal.items == ["/a": item] && journal.left == ["b": left] && !journal.isUnfinished)
        left.state = .verified
        journal.note(.item(left))
        #expect(journal.left.isEmpty)
    }

    @Test func `A deletion that a cleanup scheduled is known until it is undone`() {
        var journal = Journal()
        for (command, name) in [("delete", "a"), ("delete", "b"), ("undelete", "a"), ("delete", "c")] {
            var run = JournalRun(command: command, isClean: true, count: 1, by: "me", at: WallTime(seconds: 1))
            run.details = ["secret": name]
            journal.note(.ran(run))
        }
        #expect(journal.removed == ["b", "c"])
    }

    @Test func `Only the version that was read back counts as verified`() throws {
        var journal = Journal()
        var secret = SourceSecret(name: "a")
        secret.versionID = "v"
        journal.note(.item(item))
        #expect(!journal.hasVerified(secret, at: "/a"))
        var verified = item
        verified.state = .verified
        journal.note(.item(verified))
        #expect(journal.hasVerified(secret, at: "/a"))
        #expect(!journal.hasVerified(secret, at: "/b"))
        secret.versionID = "w"
        #expect(!journal.hasVerified(secret, at: "/a"))
    }

    @Test func `A digest depends on name, value and key`() throws {
        let key = DigestKey.random()
        let digest = key.digest("a", Secret("v"))
        #expect(key.digest("a", Secret("v")) == digest)
        #expect(key.digest("b", Secret("v")) != digest)
        #expect(key.digest("a", Secret("w")) != digest)
        #expect(DigestKey.random().digest("a", Secret("v")) != digest)
        #expect(try #require(DigestKey(key.secret)).mark == key.mark)
        #expect(DigestKey(Secret("short")) == nil)
    }
}
