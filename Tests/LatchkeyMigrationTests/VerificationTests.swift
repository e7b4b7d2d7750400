import LatchkeyCrypto
import LatchkeyMigration
import Testing

@Suite struct VerificationTests {
    private func text(_ value: String) -> StoredValue { .text(Secret(value)) }

    /// Runs rounds with the same readings to the end and returns their number.
    private func rounds(
        _ verification: inout Verification, _ readings: [Int: Verification.Reading]
    ) -> Int {
        var action = verification.start()
        for round in 0..<50 {
            switch action {
            case .finish: return round
            case .pause: action = verification.afterPause()
            case .read: action = verification.after(readings)
            }
            if action == .finish { return round }
        }
        return 50
    }

    @Test func `Equal values are read once`() {
        var verification = Verification(names: ["a", "b"], expected: [nil, 2], key: .random())
        let reading = Verification.Reading(old: text("v"), new: text("v"), version: 2)
        #expect(rounds(&verification, [0: reading, 1: reading]) == 0)
        #expect(verification.findings.values.allSatisfy { $0.verdict == .equal && $0.oldBytes == 1 })
    }

    @Test func `Each kind of difference has its verdict`() {
        let cases: [(Verification.Reading, Int64?, Verification.Verdict)] = [
            (Verification.Reading(old: text("v"), new: text("w"), version: 1), nil, .different),
            (Verification.Reading(old: text("v")), nil, .missing),
            (Verification.Reading(new: text("v"), version: 1), nil, .gone),
            (Verification.Reading(old: text("v"), new: text("v"), version: 2), 1, .rewritten),
            (Verification.Reading(old: text("v"), failure: StoreFailure(.unsure, code: "timed_out")), nil, .unread),
            (Verification.Reading(), nil, .unread),
        ]
        for (reading, expected, verdict) in cases {
            var verification = Verification(names: ["a"], expected: [expected], key: .random())
            _ = rounds(&verification, [0: reading])
            #expect(verification.findings[0]?.verdict == verdict)
        }
    }

    @Test func `A flipped bit anywhere is found`() {
        let value = (0..<64).map { UInt8($0) }
        for bit in 0..<(64 * 8) {
            var other = value
            other[bit / 8] ^= 1 << (bit % 8)
            var verification = Verification(names: ["a"], expected: [nil], key: .random())
            _ = verification.start()
            _ = verification.after([0: Verification.Reading(old: .text(Secret(value)), new: .text(Secret(other)))])
            #expect(verification.findings[0]?.verdict == .different)
        }
    }

    @Test func `Only secrets that are not equal yet are read again`() {
        var verification = Verification(names: ["a", "b"], expected: [nil, nil], key: .random())
        #expect(verification.start() == .read([0, 1]))
        let late = verification.after([
            0: Verification.Reading(old: text("v"), new: text("v")), 1: Verification.Reading(old: text("v")),
        ])
        #expect(late == .pause(.milliseconds(200)))
        #expect(verification.afterPause() == .read([1]))
        #expect(verification.after([1: Verification.Reading(old: text("v"), new: text("v"))]) == .finish)
        #expect(verification.findings.values.allSatisfy { $0.verdict == .equal })
    }

    @Test func `A lasting difference ends after a limited number of rounds`() {
        var verification = Verification(names: ["a"], expected: [nil], key: .random())
        let reading = Verification.Reading(old: text("v"), new: text("w"))
        var action = verification.start()
        var reads = 0
        for _ in 0..<100 where action != .finish {
            if case .read = action {
                reads += 1
                action = verification.after([0: reading])
            } else {
                action = verification.afterPause()
            }
        }
        #expect(reads == Verification.maxRounds)
    }
}
