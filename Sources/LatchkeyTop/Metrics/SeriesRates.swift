/// How much counters grow in a second, added up over brokers.
struct SeriesRates {
    private var rates: [String: [(labels: [String: String], perSecond: Double)]] = [:]

    /// Adds the counters of one broker.
    ///
    /// - Parameters:
    ///   - earlier: the page before; nil if there is none, then the counters have grown since the start.
    ///   - seconds: the time between both pages.
    mutating func add(_ page: MetricsPage, since earlier: MetricsPage?, seconds: Double) {
        guard seconds > 0 else { return }
        for name in page.names {
            var before: [[String: String]: Double] = [:]
            for sample in earlier?[name] ?? [] where sample.value.isFinite { before[sample.labels] = sample.value }
            for sample in page[name] where sample.value.isFinite {
                let last = before[sample.labels] ?? 0
                // A counter that has become smaller began again at 0.
                let growth = sample.value >= last ? sample.value - last : sample.value
                rates[name, default: []].append((sample.labels, growth / seconds))
            }
        }
    }

    /// The sum over the series with these labels.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        series(name, labels).reduce(0) { $0 + $1.perSecond }
    }

    /// The values of the labels `keys` that occur together in the family.
    func groups(_ name: String, by keys: [String]) -> [[String: String]] {
        var seen: Set<[String: String]> = []
        return (rates[name] ?? []).compactMap { series in
            let group = series.labels.filter { keys.contains($0.key) }
            return seen.insert(group).inserted ? group : nil
        }
    }

    /// A quantile of a histogram, in the unit of its bounds, as `histogram_quantile` of Prometheus computes it: linear
    /// within a bucket. Nil without an observation.
    func quantile(_ share: Double, _ name: String, _ labels: [String: String] = [:]) -> Double? {
        var buckets: [Double: Double] = [:]
        for (series, growth) in series(name + "_bucket", labels) {
            guard let bound = series["le"].flatMap({ Double($0) }), !bound.isNaN else { continue }
            buckets[bound, default: 0] += growth
        }
        let sorted = buckets.sorted { $0.key < $1.key }
        guard let total = sorted.last?.value, total > 0 else { return nil }
        let rank = share * total
        var (lower, below) = (0.0, 0.0)
        for (bound, count) in sorted {
            if count >= rank {
                // Beyond the last bound no more is known than that bound.
                guard bound.isFinite, count > below else { return lower }
                return lower + (bound - lower) * (rank - below) / (count - below)
            }
            (lower, below) = (bound, count)
        }
        return lower
    }

    private func series(_ name: String, _ labels: [String: String]) -> [(labels: [String: String], perSecond: Double)] {
        (rates[name] ?? []).filter { series in labels.allSatisfy { series.labels[$0.key] == $0.value } }
    }
}
