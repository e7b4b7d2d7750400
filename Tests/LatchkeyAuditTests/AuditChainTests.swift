import LatchkeyAudit
import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite struct AuditChainTests {
    @Test func `Prev is the digest of the line before`() throws {
        var chain = AuditFixture.chain()
        for _ in 0..<3 { chain.append(AuditFixture.access()) }
        let lines = AuditFixture.lines(chain.buffer)
        for (line, next) in zip(lines, lines.dropFirst()) {
            #expect(try #require(AuditRecord(next[...])).previous == SHA256.hash(line))
        }
        #expect(chain.last.digest == SHA256.hash(try #require(lines.last)))
    }

    @Test func `A checkpoint follows a thousand lines, or a minute with a line`() {
        var chain = AuditFixture.chain()
        for _ in 0..<999 { chain.append(AuditFixture.access()) }
        chain.appendCheckpointIfDue(AuditFixture.now)
        #expect(chain.last.seq == 999)
        chain.append(AuditFixture.access())
        chain.appendCheckpointIfDue(AuditFixture.now)
        #expect(chain.last.seq == 1001)
        var later = AuditFixture.now
        later.monotonic = later.monotonic + .seconds(120)
        chain.appendCheckpointIfDue(later)
        #expect(chain.last.seq == 1001)
        chain.append(AuditFixture.access())
        chain.appendCheckpointIfDue(later)
        #expect(chain.last.seq == 1003)
    }

    @Test func `A checkpoint is signed over its chain, seq, time and prev`() throws {
        let key = try #require(AuditFixture.signingKey)
        let publicKey = try #require(AuditFixture.verificationKey)
        #expect(key.keyID == publicKey.keyID)
        var chain = AuditFixture.chain(key: key)
        chain.append(AuditFixture.access())
        chain.appendCheckpoint(AuditFixture.now, name: nil)
        let lines = AuditFixture.lines(chain.buffer)
        let record = try #require(AuditRecord(lines[1][...]))
        #expect(record.text("source") == "ed25519")
        #expect(record.text("reason") == key.keyID)
        let signature = try #require(record.text("version").flatMap { Base64.decodeURL($0) })
        let text = "latchkey audit 1\ncheckpoint\n\(record.time)\nabc.0\n2\n\n\(SHA256.hash(lines[0]).hex)\n"
        #expect(publicKey.verifies(signature, of: Array(text.utf8)))
        #expect(!publicKey.verifies(signature, of: Array(text.utf8) + [0]))
    }

    @Test func `After a short write the chain continues behind the last whole line`() {
        var whole = AuditFixture.chain()
        for number in 0..<3 { whole.append(AuditFixture.access("name\(number)")) }
        let size = whole.buffer.count
        for count in 0...size {
            var chain = AuditFixture.chain()
            for number in 0..<3 { chain.append(AuditFixture.access("name\(number)")) }
            var file = Array(chain.buffer.prefix(count))
            let written = chain.finishWrite(count)
            #expect(written.lines + written.lost == 3)
            chain.append(AuditFixture.access("after"))
            // The record of the failure may itself fail at any place.
            file += chain.buffer.prefix(count % 97)
            _ = chain.finishWrite(min(count % 97, chain.buffer.count))
            chain.append(AuditFixture.access("after"))
            file += AuditFixture.write(&chain)
            let result = AuditFixture.verify(AuditFixture.lines(file))
            #expect(result.findings.isEmpty, "\(count): \(result.findings)")
            #expect(result.chains.map(\.lost).reduce(0, +) > 0 || count == size)
        }
    }

    @Test func `A failed write is recorded with the number of lost lines`() throws {
        var chain = AuditFixture.chain()
        chain.append(AuditFixture.access())
        chain.append(AuditFixture.access())
        let lost2 = chain.finishWrite(0)
        #expect(lost2 == AuditChain.Written(lines: 0, lost: 2))
        chain.append(AuditFixture.access())
        let lost1 = chain.finishWrite(0)
        #expect(lost1 == AuditChain.Written(lines: 0, lost: 1))
        chain.append(AuditFixture.access())
        let records = AuditFixture.lines(AuditFixture.write(&chain)).compactMap { AuditRecord($0[...]) }
        #expect(records.map(\.action) == ["lost", "secret.read"])
        #expect(records.first?.text("name") == "3")
        #expect(records.map(\.seq) == [1, 2])
    }
}
