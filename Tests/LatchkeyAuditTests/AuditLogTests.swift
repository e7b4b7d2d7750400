import Glibc
import LatchkeyAudit
import LatchkeyCore
import Synchronization
import Testing

@Suite struct AuditLogTests {
    private final class Counts: Sendable {
        let lines = Mutex((written: Int64(0), lost: Int64(0)))
        let failures = Mutex([Int32?]())
    }

    private func log(_ path: String, _ counts: Counts, policy: AuditLog.FailurePolicy = .refuse) throws -> AuditLog {
        var tornEnd: [UInt8] = []
        let file = try AuditFile(.file(path: path), isSynced: false, tornEnd: &tornEnd)
        return AuditLog(
            file, tornEnd: tornEnd, workers: 2, key: nil, policy: policy, time: Timing(now: { AuditFixture.now }),
            reports: AuditLog.Reports(
                lines: { written in
                    counts.lines.withLock {
                        $0.written += written.lines
                        $0.lost += written.lost
                    }
                }, failing: { error in counts.failures.withLock { $0.append(error) } }))
    }

    @Test func `Two starts on one file have separate chains, and each verifies`() throws {
        var template = Array("/tmp/latchkey-audit.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        close(descriptor)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let counts = Counts()
        let logs = [try log(path, counts), try log(path, counts)]
        for log in logs { #expect(log.start()) }
        for round in 0..<50 {
            for log in logs {
                let trail = log.claimWorker()
                trail.append(AuditFixture.access("name\(round)"))
                #expect(trail.commit(AuditFixture.now))
            }
        }
        for number in 0..<200 {
            _ = logs[0].admitsUnauthenticated(Array("\(number)".utf8), now: AuditFixture.now.monotonic)
        }
        try logs[0].tick()
        for log in logs { log.stop() }
        var verifier = AuditVerifier()
        var actions: [String] = []
        let incomplete = try AuditLineReader.read(path) { line, number in
            actions.append(AuditRecord(line)?.action ?? "none")
            verifier.read(line, at: AuditPlace(file: 0, path: path, line: number))
        }
        let result = verifier.finish()
        #expect(incomplete == nil)
        #expect(result.findings.isEmpty, "\(result.findings)")
        #expect(result.chains.count == 6)
        #expect(!result.chains.map(\.isStopped).contains(false))
        #expect(actions.count { $0 == "unauthenticated" } == 1)
        #expect(counts.lines.withLock { $0.written } == Int64(actions.count))
    }

    @Test func `A failure is reported once, and so is its end`() throws {
        let counts = Counts()
        let log = try log("/dev/full", counts)
        #expect(!log.start())
        let trail = log.claimWorker()
        for _ in 0..<3 {
            trail.append(AuditFixture.access())
            #expect(!trail.commit(AuditFixture.now))
        }
        #expect(counts.failures.withLock { $0 } == [ENOSPC])
        #expect(counts.lines.withLock { $0.lost } == 4)
    }
}
