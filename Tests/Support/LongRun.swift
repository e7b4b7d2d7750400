internal import Glibc

/// The cases of a long test that are run. A long test has many numbered cases and derives each from its number alone.
///
/// `Tests/run long` runs all of them. Other runs take a random sample of one in a hundred. Environment variables, the
/// same for the Swift and the end-to-end tests, control this:
///
/// - `LATCHKEY_TEST_SCALE`: the share of the cases to run, more than 0 and at most 1; 0.01 when unset.
/// - `LATCHKEY_TEST_SEED`: the seed of the sample; another one for each run when unset. `Tests/run` prints it.
/// - `LATCHKEY_TEST_CASE`: a number, to run that case alone.
///
/// The type of a suite with a long test has a name that ends in `LongRuns`. `Tests/run long` selects suites by this
/// name.
package enum LongRun {
    /// The share of the cases to run.
    package static let scale: Double = number("LATCHKEY_TEST_SCALE").map { min(max($0, 0), 1) } ?? 0.01

    /// The seed of the sample. A failure of a test without numbered cases must name it.
    package static let seed: UInt64 =
        text("LATCHKEY_TEST_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<(1 << 32))

    /// The number of cases to run of `total`: at least one.
    package static func count(of total: Int) -> Int { max(1, Int((Double(total) * scale).rounded(.up))) }

    /// The numbers of the cases to run, in order, out of 0..<`total`. The test's `name` gives each test a sample of its
    /// own.
    package static func cases(of total: Int, _ name: StaticString) -> [UInt64] {
        if let only = text("LATCHKEY_TEST_CASE").flatMap({ UInt64($0) }) { return [only] }
        let count = count(of: total)
        guard count < total else { return (0..<UInt64(total)).map { $0 } }
        var generator = generator(name)
        var chosen: Set<UInt64> = []
        while chosen.count < count { chosen.insert(UInt64.random(in: 0..<UInt64(total), using: &generator)) }
        return chosen.sorted()
    }

    /// The random numbers of the test with this name; the same for the same seed.
    package static func generator(_ name: StaticString) -> SeededGenerator {
        // FNV-1a, 64 bit: different names give unrelated sequences.
        let mixed = name.withUTF8Buffer { bytes in
            bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        return SeededGenerator(seed: seed ^ mixed)
    }

    private static func number(_ name: String) -> Double? { text(name).flatMap { Double($0) } }

    private static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
