import Fleet
import Glibc
import LatchkeyCore

/// Runs the simulated fleet: `fleet-simulation runs 10000` for the invariants, from seed 0 or the one behind it, `fleet-simulation table` for the table
/// of Architecture.md. Prints one JSON value; leaves with 1 when an invariant broke.
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

    /// Seeded runs of small fleets in which everything that can go wrong does.
    private static func runs(_ seeds: Range<UInt64>) {
        var broken: [JSON] = []
        var events = 0
        var longest = (answer: Duration.zero, trip: Duration.zero)
        for seed in seeds {
            let report = World.run(.chaos(seed: seed), seed: seed)
            events += report.events
            longest = (max(longest.answer, report.longestAnswer), max(longest.trip, report.longestTrip))
            for violation in report.violations { broken.append(.string("seed \(seed): \(violation)")) }
        }
        let answer: JSON = [
            "runs": .integer(Int64(seeds.count)), "events": .integer(Int64(events)), "violations": .array(broken),
            "longest_answer_seconds": .number(seconds(longest.answer)),
            "longest_trip_seconds": .number(seconds(longest.trip)),
        ]
        print(answer.text)
        if !broken.isEmpty { exit(1) }
    }

    /// Fleets of 1 to 1,000, with and without the lease, cold and over three token lives.
    private static func table() {
        var rows: [JSON] = []
        for brokers in [1, 10, 100, 1000] {
            for hasLease in [true, false] {
                let report = World.run(.steady(brokers: brokers, hasLease: hasLease), seed: UInt64(brokers))
                let lives = 3.0
                rows.append([
                    "brokers": .integer(Int64(brokers)), "lease": .bool(hasLease),
                    "issuer_calls_cold": .integer(Int64(report.issuerCallsCold)),
                    "issuer_calls_per_life": .number(Double(report.issuerCalls) / lives),
                    "store_reads_per_life": .number(Double(report.storeReads) / lives),
                    "store_writes_per_life": .number(Double(report.storeWrites) / lives),
                    "throttled_reads": .integer(Int64(report.storeReadsThrottled)),
                    "throttled_writes": .integer(Int64(report.storeWritesThrottled)),
                    "longest_answer_seconds": .number(seconds(report.longestAnswer)),
                    "longest_cold_wait_seconds": .number(seconds(report.longestColdWait)),
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
