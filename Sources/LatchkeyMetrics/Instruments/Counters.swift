/// Counters, one for each series of a family.
///
/// A series is on the metrics page once its count is above zero, or from the start if it is initially shown.
struct Counters: Sendable {
    let family: Family
    private let cells: Cells
    private let initiallyShown: Set<Int>

    /// The same counts with other values of the first label.
    func named(_ values: [String]) -> Counters {
        Counters(family.named(values), initiallyShown: initiallyShown, cells: cells)
    }

    /// Sets the series with this ordinal of the first label to 0.
    func reset(_ first: Int) { cells.reset(family.series(ofFirst: first)) }

    private init(_ family: Family, initiallyShown: Set<Int>, cells: Cells) {
        self.family = family
        self.initiallyShown = initiallyShown
        self.cells = cells
    }

    /// - Parameter initiallyShown: series that are 0 from the start, so that `rate()` sees their first increment.
    init(_ family: Family, initiallyShown: Set<Int> = []) {
        self.family = family
        self.initiallyShown = initiallyShown
        cells = Cells(count: family.count)
    }

    func increment(_ first: Int) { cells.add(1, at: first) }
    func add(_ count: Int64, _ first: Int) { cells.add(count, at: first) }
    func increment(_ first: Int, _ second: Int, _ third: Int) {
        cells.add(1, at: family.index(first, second, third))
    }

    /// The series on the metrics page.
    var samples: [(index: Int, value: Int64)] {
        (0..<cells.count).compactMap { index in
            let value = cells[index]
            return (value != 0 || initiallyShown.contains(index)) && family.isNamed(index) ? (index, value) : nil
        }
    }
}
