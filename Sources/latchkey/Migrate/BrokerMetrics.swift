internal import LatchkeyAPI
package import LatchkeyCore
package import LatchkeyMigration

/// Reads the samples of a broker's `/metrics` by name and labels (Prometheus text format 0.0.4).
package struct BrokerMetrics: Sendable {
    private struct Sample {
        let name: Substring
        let labels: Substring
        let value: Double
    }

    /// A line that no broker writes: its value is not a number, not finite, negative, or a fraction in a counter.
    package struct Malformed: Error, Hashable {
        /// 1 for the first line.
        package let line: Int
        /// The series, shortened; never its value.
        package let series: String
    }

    private let samples: [Sample]

    /// Reads the broker's own samples. Other programs' names are ignored, because NaN and infinities are valid in this
    /// format.
    package init(_ text: String) throws(Malformed) {
        var samples: [Sample] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard Self.isOurs(line) else { continue }
            guard let sample = Self.sample(line) else {
                let series = line.prefix { $0 != " " }.prefix(100)
                throw Malformed(line: index + 1, series: RequestQuery.shown(String(series)))
            }
            samples.append(sample)
        }
        self.samples = samples
    }

    private static func isOurs(_ line: Substring) -> Bool {
        line.hasPrefix("latchkey_") || line.hasPrefix("process_start_time_seconds")
    }

    /// `name{labels} value`, optionally with a timestamp.
    private static func sample(_ line: Substring) -> Sample? {
        let end = line.lastIndex(of: "}").map { line.index(after: $0) } ?? line.firstIndex(of: " ") ?? line.endIndex
        let series = line[..<end]
        let brace = series.firstIndex(of: "{") ?? series.endIndex
        let name = series[..<brace]
        let fields = line[end...].split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard (1...2).contains(fields.count), let value = number(fields[0], counts: isCounter(name)) else { return nil }
        return Sample(name: name, labels: series[brace...], value: value)
    }

    private static func isCounter(_ name: Substring) -> Bool {
        name.hasSuffix("_total") || name.hasSuffix("_count") || name.hasSuffix("_bucket")
    }

    /// A finite, non-negative number, and a whole one for a counter. Hexadecimal is not accepted.
    private static func number(_ text: Substring, counts: Bool) -> Double? {
        // A Double would round the number into the range.
        if counts, let whole = Int64(text), !OutsideNumber.counters.contains(whole) { return nil }
        let isDecimal = text.utf8.allSatisfy { byte in
            ASCII.isDigit(byte) || "+-.Ee".utf8.contains(byte)
        }
        guard isDecimal, let value = Double(text), value >= 0, value <= Double(OutsideNumber.counters.upperBound),
            !counts || OutsideNumber.whole(value, in: OutsideNumber.counters) != nil
        else { return nil }
        return value
    }

    /// The sum of the family's samples with all these labels. Finite.
    package func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        let wanted = labels.map { "\($0.key)=\"\($0.value)\"" }
        return samples.lazy.filter { sample in
            sample.name == name
                && wanted.allSatisfy { sample.labels.contains("{\($0)") || sample.labels.contains(",\($0)") }
        }.reduce(0) { $0 + $1.value }
    }

    /// The same as a whole number.
    package func count(_ name: String, _ labels: [String: String]) -> Int {
        let total = sum(name, labels)
        return Int(OutsideNumber.clamped(total, to: OutsideNumber.counters))
    }

    /// The broker's shadow comparisons of both stores.
    package func shadow(at now: WallTime) -> ShadowSample {
        let count = { (result: String) in self.count("latchkey_shadow_comparisons_total", ["result": result]) }
        return ShadowSample(
            at: now, started: OutsideNumber.date(seconds: sum("process_start_time_seconds")) ?? now,
            matches: count("match"), mismatches: count("mismatch"), errors: count("error"))
    }
}

extension BrokerMetrics {
    /// Reads a broker's response. Malformed text fails the command.
    init(_ body: [UInt8]) throws {
        do throws(Malformed) {
            try self.init(String(decoding: body, as: UTF8.self))
        } catch {
            throw CommandFailure(
                .unavailable,
                "cannot parse the broker's metrics: line \(error.line) (\(error.series)) has an invalid value; check that "
                    + "LATCHKEY_URL is a latchkey broker")
        }
    }
}
