/// Writes a metrics page. Each family is written once and as a whole, because both formats forbid interleaving.
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

    /// Writes cumulative buckets. The last one, `+Inf`, equals `_count`, because both come from one reading of the
    /// cells.
    mutating func write(_ histograms: Histograms) {
        let samples = histograms.samples
        guard !samples.isEmpty else { return }
        let family = histograms.family
        header(family)
        for histogram in samples {
            let labels = family.labels(at: histogram.index)
            let prefix = labels.isEmpty ? "" : labels + ","
            var total: Int64 = 0
            for (index, count) in histogram.buckets.enumerated() {
                total += count
                let bound = index < histograms.bounds.count ? String(Double(histograms.bounds[index]) / 1e9) : "+Inf"
                let exemplar = histogram.exemplars[index].map(text) ?? ""
                sample(family.name + "_bucket", "\(prefix)le=\"\(bound)\"", String(total) + exemplar)
            }
            sample(family.name + "_sum", labels, String(Double(histogram.sumNanoseconds) / 1e9))
            sample(family.name + "_count", labels, String(total))
        }
    }

    /// What follows the value of a bucket (OpenMetrics 1.0 §4.6.1). Without a time, which is that of the scrape then. The
    /// Prometheus format has no exemplars.
    private func text(_ exemplar: Exemplars.Exemplar) -> String {
        guard format == .openMetrics100 else { return "" }
        return " # {trace_id=\"\(exemplar.trace)\"} \(Double(exemplar.nanoseconds) / 1e9)"
    }

    /// Writes a family with one series, whose value is computed at the scrape.
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

    /// Writes the end of the page, which OpenMetrics requires (OpenMetrics 1.0 §4.1).
    mutating func finish() {
        if format == .openMetrics100 { line("# EOF") }
    }

    /// Writes TYPE, UNIT and HELP. The Prometheus format includes `_total` in the name of a counter, and has neither
    /// units nor infos.
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
