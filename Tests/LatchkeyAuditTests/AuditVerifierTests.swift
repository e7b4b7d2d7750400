import LatchkeyAudit
import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct AuditVerifierTests {
    private let log = AuditFixture.log(workers: 3, count: 240)

    private func firstPlace(_ lines: [[UInt8]]) -> Int? { AuditFixture.verify(lines).findings.first?.place?.line }

    @Test func `An unchanged log has no findings`() {
        let result = AuditFixture.verify(log)
        #expect(result.findings.isEmpty)
        #expect(result.chains.map(\.id) == ["abc.0", "abc.1", "abc.2", "abc.p"])
        #expect(!result.chains.map(\.isStopped).contains(false))
        #expect(result.lines == Int64(log.count))
    }

    @Test(arguments: 1...20) func `The first bad line is named for a change`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lines = log
        let index = Int.random(in: 0..<(lines.count - 1), using: &random)
        // A space, which changes no member, is a change, too.
        let position = Int.random(in: 0..<lines[index].count, using: &random)
        var byte = lines[index][position]
        repeat { byte = UInt8.random(in: 0x20...0x7E, using: &random) } while byte == lines[index][position]
        lines[index][position] = byte
        #expect(firstPlace(lines) == index + 1, "seed \(seed): \(String(decoding: lines[index], as: UTF8.self))")
    }

    @Test(arguments: 1...20) func `The first bad line is named where a line was removed`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var lines = log
        let index = Int.random(in: 1..<(lines.count - 1), using: &random)
        let removed = try #require(AuditRecord(lines.remove(at: index)[...]))
        let next = lines[index...].firstIndex { line in
            AuditRecord(line[...]).map { $0.chain == removed.chain || $0.action == "stop" } ?? false
        }
        #expect(firstPlace(lines) == next.map { $0 + 1 }, "seed \(seed)")
    }

    @Test(arguments: 1...20) func `The first bad line is named where a line is repeated`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lines = log
        let index = Int.random(in: 0..<(lines.count - 1), using: &random)
        let place = Int.random(in: (index + 1)..<lines.count, using: &random)
        lines.insert(lines[index], at: place)
        #expect(firstPlace(lines) == place + 1, "seed \(seed)")
    }

    @Test(arguments: 1...20) func `The first bad line is named where a line was moved`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let chain = "abc.\(Int.random(in: 0..<3, using: &random))"
        let own = log.indices.filter { AuditRecord(log[$0][...])?.chain == chain }
        let (from, to) = (own.randomElement(using: &random) ?? 0, own.randomElement(using: &random) ?? 0)
        try #require(from != to || own.count > 1)
        var lines = log
        lines.insert(lines.remove(at: from), at: to)
        let first = zip(lines.indices, zip(lines, log)).first { index, pair in
            pair.0 != pair.1 && AuditRecord(lines[index][...])?.chain == chain
        }
        #expect(firstPlace(lines) == first.map { $0.0 + 1 }, "seed \(seed): \(from) to \(to)")
    }

    @Test func `An end that is cut off is found by the stop line`() {
        var lines = log
        let last = lines.lastIndex { AuditRecord($0[...])?.chain == "abc.1" } ?? 0
        lines.remove(at: last)
        let finding = AuditFixture.verify(lines).findings.first
        #expect(finding?.chain == "abc.1")
        #expect(finding?.place?.line == lines.count)
        #expect(finding?.text.contains("cut off") == true)
    }

    @Test func `An end that is cut off is found by a checkpoint of the process`() {
        var (worker, process) = (AuditFixture.chain("abc.0"), AuditFixture.chain("abc.p"))
        worker.append(AuditFixture.access())
        worker.append(AuditFixture.access())
        let first = AuditFixture.lines(AuditFixture.write(&worker))
        process.appendCheckpoint(AuditFixture.now, name: ChainStates([worker.written]).text)
        let checkpoint = AuditFixture.lines(AuditFixture.write(&process))
        #expect(AuditFixture.verify(first + checkpoint).findings.isEmpty)
        #expect(AuditFixture.verify([first[0]] + checkpoint).findings.first?.place?.line == 2)
    }

    @Test func `An end without a stop line is unterminated, and found with an expected line`() {
        let lines = AuditFixture.log(workers: 2, count: 20, isStopped: false)
        let result = AuditFixture.verify(lines)
        #expect(result.findings.isEmpty)
        #expect(!result.chains.contains { $0.isStopped })
        let last = result.chains[0].lastSeq
        #expect(AuditFixture.verify(lines, expecting: [("abc.0", last)]).findings.isEmpty)
        #expect(AuditFixture.verify(lines, expecting: [("abc.0", last + 1)]).findings.count == 1)
        #expect(AuditFixture.verify(lines, expecting: [("other.0", 1)]).findings.count == 1)
    }

    @Test func `A rotated file may begin in the middle of a chain`() {
        for start in stride(from: 1, to: log.count, by: 11) {
            #expect(AuditFixture.verify(Array(log[start...])).findings.isEmpty)
        }
        let lines = [log[0]] + log[9...]
        #expect(AuditFixture.verify(lines).findings.first?.text.contains("missing") == true)
    }

    @Test func `A log whose hashes were made again has no valid signature`() throws {
        let key = try #require(AuditFixture.signingKey)
        let signed = AuditFixture.log(workers: 2, count: 40, key: key)
        let result = AuditFixture.verify(signed, key: AuditFixture.verificationKey)
        #expect(result.findings.isEmpty)
        #expect(result.chains.contains { $0.signedSeq != nil })
        let unsigned = AuditFixture.verify(AuditFixture.log(workers: 2, count: 40), key: AuditFixture.verificationKey)
        #expect(unsigned.findings.first?.text == "is not signed")
        var lines = signed
        lines[lines.count - 1] = Array(
            String(decoding: lines[lines.count - 1], as: UTF8.self).replacing("22:13", with: "22:14").utf8)
        #expect(
            AuditFixture.verify(lines, key: AuditFixture.verificationKey).findings.first?.place?.line == lines.count)
    }

    @Test func `A torn part that the broker recorded is no finding, and any other is`() {
        var (first, second) = (AuditFixture.chain("abc.0"), AuditFixture.chain("abc.1"))
        first.append(AuditFixture.access())
        var file = Array(first.buffer.prefix(100))
        _ = first.finishWrite(100)
        second.append(AuditFixture.access())
        file += AuditFixture.write(&second)
        let unrecorded = AuditFixture.verify(AuditFixture.lines(file))
        #expect(unrecorded.findings.map { $0.place?.line } == [1])
        first.append(AuditFixture.access())
        file += AuditFixture.write(&first)
        let recorded = AuditFixture.verify(AuditFixture.lines(file))
        #expect(recorded.findings.isEmpty)
        #expect(recorded.chains.map(\.torn) == [1, 0])
        #expect(recorded.chains.map(\.lost) == [1, 0])
    }

    @Test func `Any bytes are read without a crash`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let lines = log.prefix(20).map { random.mutate($0) }
            _ = AuditFixture.verify(lines.flatMap { AuditFixture.lines($0 + [0x0A]) })
        }
    }
}
