internal import Glibc

/// How much of a long run is made. A long run has many numbered cases, each of which a test makes from its number alone.
///
/// `Tests/run long` makes all of them; any other run makes a sample of one in a hundred, which the seed decides. The
/// environment says which, and is the same for the Swift tests and the end-to-end tests:
///
/// - `LATCHKEY_TEST_SCALE`: the share of the cases that is made, more than 0 and at most 1; 0.01 when unset.
/// - `LATCHKEY_TEST_SEED`: decides which; another one for each run when unset. `Tests/run` prints it.
/// - `LATCHKEY_TEST_CASE`: one number, to make that case alone.
///
/// A suite with a long run is a type whose name ends in `LongRuns`, which is how `Tests/run long` finds it.
package enum LongRun {
    /// The share of the cases that is made.
    package static let scale: Double = number("LATCHKEY_TEST_SCALE").map { min(max($0, 0), 1) } ?? 0.01

    /// Decides which cases are made. To be named wherever a test fails whose cases are not numbered.
    package static let seed: UInt64 =
        text("LATCHKEY_TEST_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<(1 << 32))

    /// How many of `whole` are made: at least one.
    package static func count(of whole: Int) -> Int { max(1, Int((Double(whole) * scale).rounded(.up))) }

    /// The numbers of the cases that are made, in order, of those from 0 to below `whole`. `name` is the test's own, so
    /// that two tests do not take the same sample.
    package static func cases(of whole: Int, _ name: StaticString) -> [UInt64] {
        if let only = text("LATCHKEY_TEST_CASE").flatMap({ UInt64($0) }) { return [only] }
        let count = count(of: whole)
        guard count < whole else { return (0..<UInt64(whole)).map { $0 } }
        var generator = generator(name)
        var chosen: Set<UInt64> = []
        while chosen.count < count { chosen.insert(UInt64.random(in: 0..<UInt64(whole), using: &generator)) }
        return chosen.sorted()
    }

    /// Random numbers for a test of that name, the same for the same seed.
    package static func generator(_ name: StaticString) -> SeededGenerator {
        // FNV-1a, 64 bit: names that differ give sequences that have nothing to do with each other.
        let mixed = name.withUTF8Buffer { bytes in
            bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        return SeededGenerator(seed: seed ^ mixed)
    }

    private static func number(_ name: String) -> Double? { text(name).flatMap { Double($0) } }

    private static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
