import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMigration
import Testing

@Suite struct JournalTests {
    private let header = JournalHeader(id: "j", keyMark: "m", place: "us-east-1", at: WallTime(milliseconds: 1))
    private let item = JournalItem(
        secret: "a", target: "/a", state: .written, digest: "d", versionID: "v", version: 1, reason: nil,
        at: WallTime(milliseconds: 2))
    private let run = JournalRun(command: "copy", isClean: true, count: 1, by: "me", at: WallTime(milliseconds: 3))

    private func bytes(_ lines: [JournalLine]) -> [UInt8] { lines.flatMap { $0.json.bytes() + [0x0A] } }

    @Test func `What was written is read back`() throws {
        let journal = try Journal(bytes([.opened(header), .item(item), .ran(run)]))
        #expect(journal.header == header)
        #expect(journal.items == ["/a": item])
        #expect(journal.runs == [run] && journal.last("copy") == run)
        #expect(!journal.isUnfinished)
    }

    @Test func `A journal may be cut off anywhere`() throws {
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

    @Test func `Another file is not taken for a journal`() {
        #expect(throws: Journal.Refusal.noHeader) { try Journal(Array("{}\n".utf8)) }
        #expect(throws: Journal.Refusal.noHeader) { try Journal(bytes([.item(item)])) }
        #expect(throws: Journal.Refusal.foreignLine(2)) { try Journal(bytes([.opened(header)]) + Array("x\n".utf8)) }
    }

    @Test func `A cut-over counts from its first word and until it is taken back`() {
        var journal = Journal()
        #expect(journal.cutOverSince("/p") == nil)
        for line in [Self.turn("cutover", 1), Self.turn("verify", 2), Self.turn("rollback", 3)] { journal.note(line) }
        #expect(journal.cutOverSince("/p") == nil)
        for line in [Self.turn("cutover", 4), Self.turn("gate", 5), Self.turn("cutover", 6)] { journal.note(line) }
        #expect(journal.cutOverSince("/p") == WallTime(seconds: 4 * 86_400))
        #expect(journal.cutOverSince("/other") == nil, "another fleet was not turned")
    }

    private static func turn(_ command: String, _ day: Int64, to backend: String? = nil) -> JournalLine {
        var run = JournalRun(
            command: command, isClean: true, count: 0, by: "me", at: WallTime(seconds: day * 86_400))
        run.details["parameter"] = "/p"
        run.details["to"] = backend
        return .ran(run)
    }

    @Test func `What turns the fleet away, or may have, ends a cut-over`() {
        let away = [
            Self.turn("rollback", 2), Self.turn("shadow", 2), Self.turn("turn", 2, to: "secrets-manager"),
            Self.turn("turn", 2, to: "shadow"),
        ]
        for line in away {
            var journal = Journal()
            journal.note(Self.turn("cutover", 1))
            journal.note(line)
            #expect(journal.cutOverSince("/p") == nil, "\(line)")
        }
        var journal = Journal()
        journal.note(Self.turn("cutover", 1))
        journal.note(Self.turn("turn", 2, to: "parameter-store"))
        #expect(journal.cutOverSince("/p") == WallTime(seconds: 86_400))
        var other = Journal()
        other.note(Self.turn("turn", 2, to: "parameter-store"))
        #expect(other.cutOverSince("/p") == nil, "one that did not come to its end is none")
    }

    @Test func `What a copy leaves is kept apart from what it moves`() {
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

    @Test func `What a cleanup removes is known until it is brought back`() {
        var journal = Journal()
        for (command, name) in [("delete", "a"), ("delete", "b"), ("undelete", "a"), ("delete", "c")] {
            var run = JournalRun(command: command, isClean: true, count: 1, by: "me", at: WallTime(seconds: 1))
            run.details = ["secret": name]
            journal.note(.ran(run))
        }
        #expect(journal.removed == ["b", "c"])
    }

    @Test func `Only the very version that was seen is done`() throws {
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

    @Test func `A digest tells name, value and key apart`() throws {
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
