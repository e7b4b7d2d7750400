internal import LatchkeyCore

/// Histograms of durations with fixed buckets, one for each series of a family. A series is on the metrics page once a
/// duration was observed.
struct Histograms: Sendable {
    /// The state of one series.
    struct Sample: Equatable {
        var index: Int
        /// Observations in each bucket and, last, those above every bound. Not cumulative.
        var buckets: [Int64]
        var sumNanoseconds: Int64
        /// The exemplar of each bucket that has one.
        var exemplars: [Exemplars.Exemplar?]
    }

    let family: Family
    /// Upper bounds in nanoseconds, inclusive, ascending.
    let bounds: [Int64]
    private let cells: Cells
    private let exemplars = Exemplars()
    /// Cells of one series: the buckets, the one above every bound, and the sum.
    private var stride: Int { bounds.count + 2 }

    /// - Parameter bounds: upper bounds in seconds, ascending.
    init(_ family: Family, bounds: [Double]) {
        self.family = family
        self.bounds = bounds.map { OutsideNumber.clamped($0 * 1e9, to: 0...Int64.max) }
        cells = Cells(count: family.count * (bounds.count + 2))
    }

    func observe(_ nanoseconds: Int64, _ first: Int, _ second: Int) {
        observe(nanoseconds, family.index(first, second))
    }

    /// Counts one duration. A negative one counts as zero.
    func observe(_ nanoseconds: Int64, _ index: Int) {
        let value = max(0, nanoseconds)
        let bucket = bucket(of: value)
        let base = index * stride
        cells.add(1, at: base + bucket)
        cells.add(value, at: base + bounds.count + 1)
    }

    /// Makes a duration that was counted the exemplar of its bucket.
    ///
    /// - Parameter trace: the recorded trace that it belongs to.
    func exemplify(_ trace: TraceContext, _ nanoseconds: Int64, _ index: Int) {
        let value = max(0, nanoseconds)
        exemplars.put(
            Exemplars.Exemplar(trace: trace.traceText, nanoseconds: value), at: index * stride + bucket(of: value))
    }

    private func bucket(of value: Int64) -> Int {
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        return bucket
    }

    /// The series on the metrics page.
    var samples: [Sample] {
        (0..<family.count).compactMap { index in
            let base = index * stride
            let buckets = (0...bounds.count).map { cells[base + $0] }
            guard buckets.contains(where: { $0 != 0 }) else { return nil }
            return Sample(
                index: index, buckets: buckets, sumNanoseconds: cells[base + bounds.count + 1],
                exemplars: (0...bounds.count).map { exemplars[base + $0] })
        }
    }
}
