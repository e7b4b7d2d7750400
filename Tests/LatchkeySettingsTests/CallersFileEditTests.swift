import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeySettings
import Testing

@Suite("Changes of the callers file") struct CallersFileEditTests {
    private static let digests = ["aa", "bb", "cc"].map { String(repeating: $0, count: 32) }

    private static func caller(_ id: String, _ keys: [String] = []) -> String {
        let list = keys.map { "\"\($0)\"" }.joined(separator: ", ")
        return #"{"id": "\#(id)", "key_sha256": [\#(list)],  "scopes": ["token"]}"#
    }

    private static func file(_ callers: String...) -> String {
        "{\n  \"callers\": [\n    \(callers.joined(separator: ",\n    "))\n  ],\n  \"mode\": \"observe\"\n}\n"
    }

    @Test func `A new caller is added at the end, and nothing else changes`() throws {
        let old = Self.file(Self.caller("a", [Self.digests[0]]))
        let members: [(name: String, value: JSON)] = [
            ("id", "b"), ("key_sha256", [.string(Self.digests[1])]), ("scopes", ["secrets"]),
            ("secrets", ["db/*", "!é"]),
        ]
        let new = try CallersFileEdit(old).adding(members)
        let file = CallersFile(new)
        #expect(file.problems == [] && file.callers.map(\.caller.id) == ["a", "b"] && file.mode == .observe)
        #expect(file.callers[1].caller.secrets.mismatch("db/a") == nil)
        #expect(
            new.hasPrefix(old.prefix { $0 != "]" }.dropLast(0)) && new.hasSuffix("\n  ],\n  \"mode\": \"observe\"\n}\n")
        )
        #expect(try CallersFileEdit(new).removing("b") == old)
        let first = try CallersFileEdit(CallersFileEdit.empty).adding(members)
        #expect(CallersFile(first).problems == [] && CallersFile(first).mode == .enforce)
    }

    @Test func `A rotation keeps the newest key before it`() throws {
        let digest = try #require(Digest(hex: Self.digests[2]))
        for (before, after) in [([], 1), ([0], 2), ([0, 1], 2)] {
            let old = Self.file(Self.caller("a"), Self.caller("b", before.map { Self.digests[$0] }))
            let new = try CallersFileEdit(old).rotating("b", to: digest)
            let keys = CallersFile(new.replacing(#""key_sha256": [],"#, with: "")).callers.last?.credentials.keys.map(
                \.hex)
            #expect(keys == (before.suffix(after - 1).map { Self.digests[$0] } + [Self.digests[2]]))
            let last = try CallersFileEdit(new).withdrawingOldKeys(of: "b")
            #expect(last.contains("[\"\(Self.digests[2])\"]") && !last.contains(Self.digests[1]))
        }
    }

    @Test(arguments: [0, 1, 2])
    func `A removed caller leaves the others as they were`(removed: Int) throws {
        let callers = ["a", "b", "c"].enumerated().map { Self.caller($1, [Self.digests[$0]]) }
        let new = try CallersFileEdit(Self.file(callers[0], callers[1], callers[2])).removing(["a", "b", "c"][removed])
        var rest = callers
        rest.remove(at: removed)
        #expect(CallersFile(new).problems == [] && rest.allSatisfy { new.contains($0) })
        #expect(CallersFile(new).callers.count == 2)
        #expect(try CallersFile(CallersFileEdit(Self.file(callers[0])).removing("a")).callers.isEmpty)
    }

    @Test func `A change of a caller that does not exist fails`() throws {
        let edit = try CallersFileEdit(Self.file(Self.caller("a", [Self.digests[0]])))
        #expect(throws: CallersFileEdit.Problem.self) { try edit.removing("b") }
        #expect(throws: CallersFileEdit.Problem.self) { try edit.withdrawingOldKeys(of: "A") }
        #expect(throws: CallersFileEdit.Problem.self) { try CallersFileEdit("{") }
        #expect(throws: CallersFileEdit.Problem.self) { try CallersFileEdit("[]").adding([]) }
    }

    @Test func `A new key has 256 random bits and a checksum`() {
        let keys = (0..<200).map { _ in CallerKey.make().reveal() }
        #expect(Set(keys).count == keys.count)
        for key in keys {
            #expect(CallerKey.isWellFormed(key) && key.count == 52 && key.starts(with: "lk_".utf8))
            #expect(KeyStrength.weakness(of: Secret(key), beyondLoopback: true) == nil)
            var wrong = key
            wrong[20] = wrong[20] == 0x41 ? 0x42 : 0x41
            #expect(!CallerKey.isWellFormed(wrong))
        }
    }
}
