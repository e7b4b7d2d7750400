internal import LatchkeyCore
internal import LatchkeyMigration

/// A broker's `/metrics` as far as a migration asks: samples by name and labels (Prometheus text format 0.0.4).
struct BrokerMetrics: Sendable {
    private struct Sample {
        let name: Substring
        let labels: Substring
        let value: Double
    }

    private let samples: [Sample]

    init(_ text: String) {
        samples = text.split(separator: "\n").compactMap { line in
            guard line.first != "#", let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else { return nil }
            let series = line[..<space]
            let brace = series.firstIndex(of: "{") ?? series.endIndex
            return Sample(name: series[..<brace], labels: series[brace...], value: value)
        }
    }

    /// The sum of a family's samples that have all these labels.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        let wanted = labels.map { "\($0.key)=\"\($0.value)\"" }
        return samples.lazy.filter { sample in
            sample.name == name
                && wanted.allSatisfy { sample.labels.contains("{\($0)") || sample.labels.contains(",\($0)") }
        }.reduce(0) { $0 + $1.value }
    }

    /// Whether there is any sample of the family.
    func has(_ name: String) -> Bool { samples.contains { $0.name == name } }

    /// What it has compared of both stores.
    func shadow(at now: WallTime) -> ShadowSample {
        let count = { (result: String) in
            Int(clamping: Int64(sum("latchkey_shadow_comparisons_total", ["result": result])))
        }
        return ShadowSample(
            at: now, started: WallTime(milliseconds: Int64(sum("process_start_time_seconds") * 1000)),
            matches: count("match"), mismatches: count("mismatch"), errors: count("error"))
    }
}
