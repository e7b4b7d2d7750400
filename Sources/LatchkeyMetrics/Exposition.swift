/// The two text formats a scrape may ask for.
package enum ExpositionFormat: Sendable, CaseIterable {
    /// Prometheus text format 0.0.4.
    case prometheus004
    /// OpenMetrics 1.0.
    case openMetrics100

    /// The `Content-Type` of an answer in this format.
    package var contentType: String {
        switch self {
        case .prometheus004: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics100: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// Writes families one after another, each once and whole (both formats forbid interleaving).
struct Exposition {
    let format: ExpositionFormat
    private(set) var bytes: [UInt8]

    init(_ format: ExpositionFormat, appendingTo bytes: consuming [UInt8]) {
        self.format = format
        self.bytes = bytes
    }

    mutating func write(_ counters: Counters) {
        let samples = counters.samples
        guard !samples.isEmpty else { return }
        header(counters.family)
        for (index, value) in samples {
            sample(counters.family.name + "_total", counters.family.labels(at: index), String(value))
        }
    }

    mutating func write(_ gauges: Gauges) {
        let samples = gauges.samples
        guard !samples.isEmpty else { return }
        header(gauges.family)
        for (index, value) in samples {
            sample(gauges.family.name, gauges.family.labels(at: index), String(value))
        }
    }

    /// Cumulative buckets, `+Inf` last and equal to `_count` since both come from one reading of the cells.
    mutating func write(_ histograms: Histograms) {
        let samples = histograms.samples
        guard !samples.isEmpty else { return }
        let family = histograms.family
        header(family)
        for each in samples {
            let labels = family.labels(at: each.index)
            let before = labels.isEmpty ? "" : labels + ","
            var total: Int64 = 0
            for (place, count) in each.buckets.enumerated() {
                total += count
                let bound = place < histograms.bounds.count ? String(Double(histograms.bounds[place]) / 1e9) : "+Inf"
                sample(family.name + "_bucket", "\(before)le=\"\(bound)\"", String(total))
            }
            sample(family.name + "_sum", labels, String(Double(each.sumNanoseconds) / 1e9))
            sample(family.name + "_count", labels, String(total))
        }
    }

    /// One series whose value is worked out at the scrape.
    mutating func write(_ family: Family, value: String) {
        header(family)
        let suffix =
            switch family.kind {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram: ""
            }
        sample(family.name + suffix, family.labels(at: 0), value)
    }

    /// OpenMetrics ends with a line of its own (OpenMetrics 1.0 §4.1: MUST end with EOF).
    mutating func finish() {
        if format == .openMetrics100 { line("# EOF") }
    }

    /// TYPE, UNIT and HELP. The older format names a counter with its `_total` and knows neither units nor infos.
    private mutating func header(_ family: Family) {
        switch format {
        case .openMetrics100:
            line("# TYPE \(family.name) \(family.kind)")
            if let unit = family.unit { line("# UNIT \(family.name) \(unit)") }
            line("# HELP \(family.name) \(Escape.help(family.help, quotes: true))")
        case .prometheus004:
            let (name, type) =
                switch family.kind {
                case .counter: (family.name + "_total", "counter")
                case .info: (family.name + "_info", "gauge")
                case .gauge: (family.name, "gauge")
                case .histogram: (family.name, "histogram")
                }
            line("# HELP \(name) \(Escape.help(family.help, quotes: false))")
            line("# TYPE \(name) \(type)")
        }
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: String) {
        line(labels.isEmpty ? "\(name) \(value)" : "\(name){\(labels)} \(value)")
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0A)
    }
}
