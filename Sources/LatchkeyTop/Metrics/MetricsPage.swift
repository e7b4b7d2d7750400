/// The samples of a metrics page in the Prometheus text format 0.0.4, by name.
///
/// Reading takes time linear in the bytes. A line that is not in the format is left out and counted.
package struct MetricsPage: Sendable {
    /// Bytes of a page that are read: forty times what a broker with all series writes.
    package static let maxBytes = 4 << 20
    /// Samples of a page that are kept.
    package static let maxSamples = 50_000

    private var samples: [String: [MetricSample]] = [:]
    /// Lines that were left out because they are not in the format.
    package private(set) var unreadable = 0
    /// The number of samples.
    package private(set) var count = 0
    /// Whether a bound was reached, and the rest was left out.
    package private(set) var isTruncated: Bool

    package init(_ bytes: [UInt8]) {
        isTruncated = bytes.count > Self.maxBytes
        for line in bytes.prefix(Self.maxBytes).split(whereSeparator: { $0 == 0x0A }) {
            let line = line.last == 0x0D ? line.dropLast() : line
            guard let first = line.first(where: { $0 != 0x20 && $0 != 0x09 }), first != UInt8(ascii: "#") else {
                continue
            }
            guard count < Self.maxSamples else {
                isTruncated = true
                return
            }
            guard let sample = MetricLine.sample(line) else {
                unreadable += 1
                continue
            }
            samples[sample.name, default: []].append(sample)
            count += 1
        }
    }

    /// The names of all families.
    var names: some Sequence<String> { samples.keys }

    /// The samples of one name.
    package subscript(name: String) -> [MetricSample] { samples[name] ?? [] }

    /// The sum of the finite samples with all these labels; nil if there is none.
    package func sum(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let values = self[name].filter { $0.value.isFinite && $0.has(labels) }.map(\.value)
        return values.isEmpty ? nil : values.reduce(0, +)
    }
}
