/// Gauges, one for each series of a family. A series is on the metrics page once it is set.
struct Gauges: Sendable {
    /// Marks a series that is not set. No gauge has this value.
    private static let unset = Int64.min

    let family: Family
    private let cells: Cells

    /// The same gauges with other values of the first label.
    func named(_ values: [String]) -> Gauges { Gauges(family.named(values), cells: cells) }

    /// Removes the series with this ordinal of the first label from the metrics page until they are set again.
    func reset(_ first: Int) { cells.reset(family.series(ofFirst: first), to: Self.unset) }

    private init(_ family: Family, cells: Cells) {
        self.family = family
        self.cells = cells
    }

    /// - Parameter initial: the initial value of every series; nil leaves them unset.
    init(_ family: Family, initial: Int64? = nil) {
        self.family = family
        cells = Cells(count: family.count, initial: initial ?? Self.unset)
    }

    /// Sets a series. Nil removes it from the metrics page until it is set again.
    func set(_ value: Int64?, _ first: Int) { cells.store(value ?? Self.unset, at: first) }
    func set(_ value: Int64?, _ first: Int, _ second: Int) {
        cells.store(value ?? Self.unset, at: family.index(first, second))
    }

    /// Changes a gauge that has an initial value.
    func add(_ amount: Int64, _ first: Int) { cells.add(amount, at: first) }

    /// The series on the metrics page.
    var samples: [(index: Int, value: Int64)] {
        (0..<cells.count).compactMap { index in
            let value = cells[index]
            return value == Self.unset || !family.isNamed(index) ? nil : (index, value)
        }
    }
}
