import LatchkeyCore
import Testing

@testable import latchkey

@Suite struct TrimRuleTests {
    private static let mebibyte = 1 << 20

    /// A rule, and a process that uses memory and time as the test says.
    private final class Process {
        private var rule: TrimRule
        private var cpuTime = Duration.zero
        private var now = MonotonicTime(nanoseconds: 0)

        init(mebibytes: Int) {
            rule = TrimRule(
                atStart: TrimRule.Usage(memory: mebibytes * mebibyte, cpuTime: .zero), MonotonicTime(nanoseconds: 0))
        }

        /// Whether a trim is due after an interval in which the process was busy for a share of the time. If it is, the memory
        /// is then `left`.
        func isTrimmed(at mebibytes: Int, busy share: Double = 0.01, left: Int? = nil) -> Bool {
            now = now + TrimRule.interval
            cpuTime += TrimRule.interval * share
            let usage = TrimRule.Usage(memory: mebibytes * mebibyte, cpuTime: cpuTime)
            guard rule.isDue(usage, now) else { return false }
            rule.trimmed(TrimRule.Usage(memory: (left ?? mebibytes) * mebibyte, cpuTime: cpuTime))
            return true
        }
    }

    @Test func `An idle process is not trimmed`() {
        let process = Process(mebibytes: 4)
        #expect((0..<100).allSatisfy { _ in !process.isTrimmed(at: 5) })
        #expect(!process.isTrimmed(at: 11))
    }

    @Test func `Memory that has grown is given back once, at a quiet moment`() {
        let process = Process(mebibytes: 4)
        #expect(!process.isTrimmed(at: 40, busy: 0.9))
        #expect(!process.isTrimmed(at: 40, busy: 0.06))
        #expect(process.isTrimmed(at: 40, busy: 0.05, left: 6))
        #expect(!process.isTrimmed(at: 6))
        #expect(!process.isTrimmed(at: 13))
        #expect(process.isTrimmed(at: 14))
    }

    @Test func `Memory that is in use is not tried again and again`() {
        let process = Process(mebibytes: 4)
        #expect(process.isTrimmed(at: 90, left: 89))
        #expect((0..<100).allSatisfy { _ in !process.isTrimmed(at: 90) })
    }

    @Test func `Connections that were open at the last trim, and then closed, lead to another`() {
        let process = Process(mebibytes: 4)
        #expect(process.isTrimmed(at: 97, left: 95))
        #expect(process.isTrimmed(at: 34, left: 6))
        #expect(!process.isTrimmed(at: 6))
    }
}
