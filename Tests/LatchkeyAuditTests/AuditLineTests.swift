import LatchkeyAudit
import LatchkeyCore
import Testing

@Suite struct AuditLineTests {
    private func rendered(_ line: AuditLine) throws -> JSONDocument {
        var chain = AuditFixture.chain()
        chain.append(line)
        return try JSONDocument(chain.buffer.dropLast(), limits: .document)
    }

    @Test func `A line has the members of the contract in their order`() throws {
        let document = try rendered(AuditFixture.access())
        let names = try #require(document.root.members).compactMap { $0.name.string }
        #expect(names == AuditLine.members)
        #expect(document.root["time"]?.string == "2023-11-14T22:13:20.123Z")
        #expect(document.root["chain"]?.string == "abc.0")
        #expect(document.root["seq"]?.integer == 1)
        #expect(document.root["request_id"]?.string == "req-1")
        #expect(document.root["status"]?.integer == 200)
        #expect(document.root["decision"]?.string == "allowed")
        #expect(document.root["prev"]?.string == String(repeating: "0", count: 64))
    }

    @Test func `What is absent is null`() throws {
        let document = try rendered(AuditLine(time: AuditFixture.now.wall, action: .backendChange))
        for name in AuditLine.members where !["time", "chain", "seq", "action", "prev"].contains(name) {
            #expect(document.root[name]?.isNull == true, "\(name)")
        }
    }

    @Test func `Control characters are escaped, and a long name is cut between characters`() throws {
        let odd = try rendered(AuditFixture.access("a\n\"\\\u{0}\u{1b}é"))
        #expect(odd.root["name"]?.string == "a\n\"\\\u{0}\u{1b}é")
        #expect(!odd.bytes.contains { $0 < 0x20 })
        let long = try rendered(AuditFixture.access(String(repeating: "é", count: 2000)))
        let name = try #require(long.root["name"]?.string)
        #expect(name.utf8.count <= AuditLimits.maxNameBytes)
        #expect(name.hasSuffix("é…"))
    }

    @Test func `The time of each line is its own`() throws {
        var chain = AuditFixture.chain()
        var line = AuditFixture.access()
        for milliseconds: Int64 in [0, 7, 45, 999, 1000, 60_000] {
            line.time = WallTime(milliseconds: 1_700_000_000_000 + milliseconds)
            chain.append(line)
            let text = AuditFixture.write(&chain).dropLast()
            let record = try #require(AuditRecord(text))
            #expect(record.time == RFC3339.format(line.time, milliseconds: true))
        }
    }

    @Test func `Actions and decisions have the same text in both forms`() throws {
        for action in AuditAction.allCases {
            let document = try rendered(AuditLine(time: AuditFixture.now.wall, action: action))
            #expect(document.root["action"]?.string == action.rawValue)
        }
        for decision in AuditDecision.allCases {
            var line = AuditFixture.access()
            line.decision = decision
            #expect(try rendered(line).root["decision"]?.string == decision.rawValue)
        }
    }

    @Test func `A line of prepared parts has the bytes of the whole line`() throws {
        for number in 0..<120 {
            var line = AuditFixture.access(number % 2 == 0 ? "db/password" : "a\n\"\\é")
            line.time = WallTime(milliseconds: 1_700_000_000_000 + Int64(number) * 37)
            line.status = number % 3 == 0 ? 304 : 200
            var (whole, prepared) = (AuditFixture.chain(), AuditFixture.chain())
            for _ in 0..<number { whole.append(line) }
            for _ in 0..<number {
                let (caller, peer) = (
                    AuditLine.callerMembers(line.caller, line.credential), AuditLine.peerMember(line.peer)
                )
                let access = line.accessMembers()
                line.requestID.withUnsafeBytes { id in
                    caller.withUnsafeBytes { caller in
                        peer.withUnsafeBytes { peer in
                            access.withUnsafeBytes { access in
                                prepared.append(
                                    prepared: PreparedAuditLine(
                                        time: line.time, requestID: id, caller: caller, peer: peer, access: access))
                            }
                        }
                    }
                }
            }
            #expect(whole.buffer == prepared.buffer)
            #expect(whole.last == prepared.last)
        }
    }
}
