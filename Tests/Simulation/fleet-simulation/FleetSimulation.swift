import Fleet
import Glibc
import LatchkeyCore

/// Runs the fleet simulation and prints JSON.
///
/// - `fleet-simulation runs 10000 [FROM]` checks the invariants for that many seeds, and exits with 1 if one is
///   violated.
/// - `fleet-simulation table` prints the table of Architecture.md.
@main
struct FleetSimulation {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "runs":
            let numbers = arguments.dropFirst().compactMap { UInt64($0) }
            let from = numbers.count > 1 ? numbers[1] : 0
            runs(from..<from + (numbers.first ?? 1000))
        case "table": table()
        default: print("usage: fleet-simulation runs COUNT [FROM] | table")
        }
    }

    /// Runs small fleets with every kind of failure.
    private static func runs(_ seeds: Range<UInt64>) {
        var broken: [JSON] = []
        var events = 0
        var longest = (answer: Duration.zero, refresh: Duration.zero)
        for seed in seeds {
            let report = World.run(.chaos(seed: seed), seed: seed)
            events += report.events
            longest = (max(longest.answer, report.maxAnswerTime), max(longest.refresh, report.maxRefreshTime))
            for violation in report.violations { broken.append(.string("seed \(seed): \(violation)")) }
        }
        let answer: JSON = [
            "runs": .integer(Int64(seeds.count)), "events": .integer(Int64(events)), "violations": .array(broken),
            "longest_answer_seconds": .number(seconds(longest.answer)),
            "longest_refresh_seconds": .number(seconds(longest.refresh)),
        ]
        print(answer.text)
        if !broken.isEmpty { exit(1) }
    }

    /// Runs fleets of 1 to 1,000 brokers for three token lifetimes, with and without the lease.
    private static func table() {
        var rows: [JSON] = []
        for brokers in [1, 10, 100, 1000] {
            for hasLease in [true, false] {
                let report = World.run(.steady(brokers: brokers, hasLease: hasLease), seed: UInt64(brokers))
                let lifetimes = 3.0
                rows.append([
                    "brokers": .integer(Int64(brokers)), "lease": .bool(hasLease),
                    "issuer_calls_cold": .integer(Int64(report.issuerCallsCold)),
                    "issuer_calls_per_life": .number(Double(report.issuerCalls) / lifetimes),
                    "store_reads_per_life": .number(Double(report.storeReads) / lifetimes),
                    "store_writes_per_life": .number(Double(report.storeWrites) / lifetimes),
                    "throttled_reads": .integer(Int64(report.storeReadsThrottled)),
                    "throttled_writes": .integer(Int64(report.storeWritesThrottled)),
                    "longest_answer_seconds": .number(seconds(report.maxAnswerTime)),
                    "longest_cold_wait_seconds": .number(seconds(report.maxColdWait)),
                    "without_token": .integer(Int64(report.withoutToken)), "refused": .integer(Int64(report.refused)),
                    "callers": .integer(Int64(report.callers)),
                    "violations": .array(report.violations.prefix(5).map { .string($0) }),
                ])
            }
        }
        for row in rows { print(row.text) }
    }

    private static func seconds(_ duration: Duration) -> Double {
        (Double(duration.clampedNanoseconds) / 1e7).rounded() / 100
    }
}
