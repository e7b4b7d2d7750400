internal import LatchkeyCore

/// Counts that only grow, one a series.
///
/// A series appears in the exposition once it is above zero or when it was shown at start.
struct Counters: Sendable {
    let family: Family
    private let cells: Cells
    private let shown: Set<Int>

    /// The same counts under other values of the first label.
    func named(_ values: [String]) -> Counters { Counters(family.named(values), shown: shown, cells: cells) }

    /// Takes the series whose first label has that ordinal back to 0.
    func reset(_ first: Int) { cells.reset(family.series(ofFirst: first)) }

    private init(_ family: Family, shown: Set<Int>, cells: Cells) {
        self.family = family
        self.shown = shown
        self.cells = cells
    }

    /// `shown` are the series that exist from the start at 0, so that `rate()` sees their first increment.
    init(_ family: Family, shown: Set<Int> = []) {
        self.family = family
        self.shown = shown
        cells = Cells(count: family.count)
    }

    func increment(_ first: Int) { cells.add(1, at: first) }
    func increment(_ first: Int, _ second: Int, _ third: Int) {
        cells.add(1, at: family.index(first, second, third))
    }

    /// The series to show, with their values.
    var samples: [(index: Int, value: Int64)] {
        (0..<cells.count).compactMap { index in
            let value = cells[index]
            return (value != 0 || shown.contains(index)) && family.isNamed(index) ? (index, value) : nil
        }
    }
}

/// Whole numbers that go up and down, one a series. A series appears once it has been set.
struct Gauges: Sendable {
    /// Stands for "never set": no gauge here reaches it.
    private static let unset = Int64.min

    let family: Family
    private let cells: Cells

    /// The same values under other values of the first label.
    func named(_ values: [String]) -> Gauges { Gauges(family.named(values), cells: cells) }

    /// Takes the series whose first label has that ordinal out of the exposition until they are set again.
    func reset(_ first: Int) { cells.reset(family.series(ofFirst: first), to: Self.unset) }

    private init(_ family: Family, cells: Cells) {
        self.family = family
        self.cells = cells
    }

    /// `initial` is the value every series has from the start, or nil to leave them out until they are set.
    init(_ family: Family, initial: Int64? = nil) {
        self.family = family
        cells = Cells(count: family.count, initial: initial ?? Self.unset)
    }

    /// Nil takes the series out of the exposition until it is set again.
    func set(_ value: Int64?, _ first: Int) { cells.store(value ?? Self.unset, at: first) }
    func set(_ value: Int64?, _ first: Int, _ second: Int) {
        cells.store(value ?? Self.unset, at: family.index(first, second))
    }

    /// Moves a gauge that has an initial value.
    func add(_ amount: Int64, _ first: Int) { cells.add(amount, at: first) }

    var samples: [(index: Int, value: Int64)] {
        (0..<cells.count).compactMap { index in
            let value = cells[index]
            return value == Self.unset || !family.isNamed(index) ? nil : (index, value)
        }
    }
}

/// Distributions of durations over fixed buckets, one a series. A series appears once it was observed.
struct Histograms: Sendable {
    /// One series at one moment.
    struct Sample: Equatable {
        var index: Int
        /// Observations in each bucket and, last, above every bound. Not cumulative.
        var buckets: [Int64]
        var sumNanoseconds: Int64
    }

    let family: Family
    /// Upper bounds in nanoseconds, inclusive, ascending.
    let bounds: [Int64]
    private let cells: Cells
    /// Cells of one series: its buckets, the one above every bound, the sum.
    private var stride: Int { bounds.count + 2 }

    /// `bounds` in seconds, ascending.
    init(_ family: Family, bounds: [Double]) {
        self.family = family
        self.bounds = bounds.map { OutsideNumber.clamped($0 * 1e9, to: 0...Int64.max) }
        cells = Cells(count: family.count * (bounds.count + 2))
    }

    func observe(_ nanoseconds: Int64, _ first: Int, _ second: Int) {
        observe(nanoseconds, family.index(first, second))
    }

    /// Counts one duration; a negative one counts as zero.
    func observe(_ nanoseconds: Int64, _ index: Int) {
        let value = max(0, nanoseconds)
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        let base = index * stride
        cells.add(1, at: base + bucket)
        cells.add(value, at: base + bounds.count + 1)
    }

    var samples: [Sample] {
        (0..<family.count).compactMap { index in
            let base = index * stride
            let buckets = (0...bounds.count).map { cells[base + $0] }
            guard buckets.contains(where: { $0 != 0 }) else { return nil }
            return Sample(index: index, buckets: buckets, sumNanoseconds: cells[base + bounds.count + 1])
        }
    }
}
