/// The name, help text and labels of a metric family.
struct Family: Sendable {
    /// The kind of metric. In the Prometheus text format `info` is a gauge with the value 1.
    enum Kind: Sendable { case counter, gauge, histogram, info }

    /// A label and all its values, in the order of their ordinals.
    struct Dimension: Sendable {
        let name: String
        let values: [String]

        /// A label with a closed set of values.
        init<Value: Label>(_ name: String, _: Value.Type) {
            self.name = name
            values = Value.labels
        }

        /// A label whose values come from settings, such as the names of profiles. An empty value is not in use.
        init(_ name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// The name without `_total` and `_info`, which the formats add.
    let name: String
    let kind: Kind
    /// The OpenMetrics unit; the name must end with it (OpenMetrics 1.0 §4.4.3).
    let unit: String?
    let help: String
    let dimensions: [Dimension]
    /// The number of series: the product of the sizes of its labels.
    let count: Int
    /// The sizes of the last label and of the last two together, stored to make ``index(_:_:_:)`` fast.
    private let last: Int
    private let lastTwo: Int

    init(_ name: String, _ kind: Kind, unit: String? = nil, help: String, _ dimensions: [Dimension] = []) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.dimensions = dimensions
        count = dimensions.reduce(1) { $0 * $1.values.count }
        last = dimensions.last?.values.count ?? 1
        lastTwo = dimensions.suffix(2).reduce(1) { $0 * $1.values.count }
    }

    /// The index of a series in a family with two labels. With one label the ordinal is the index.
    ///
    /// Series are numbered so that the last label changes fastest.
    func index(_ first: Int, _ second: Int) -> Int { first * last + second }

    /// The index of a series in a family with three labels.
    func index(_ first: Int, _ second: Int, _ third: Int) -> Int { first * lastTwo + second * last + third }

    /// The indices of the series with this ordinal of the first label.
    func series(ofFirst ordinal: Int) -> Range<Int> {
        let each = count / max(1, dimensions.first?.values.count ?? 1)
        return ordinal * each..<(ordinal + 1) * each
    }

    /// The same family with other values of the first label, as many as before. Series of an empty value are not shown.
    func named(_ values: [String]) -> Family {
        let first = Dimension(dimensions.first?.name ?? "", values: values)
        return Family(name, kind, unit: unit, help: help, [first] + dimensions.dropFirst())
    }

    /// Whether the first label of series `index` is in use.
    func isNamed(_ index: Int) -> Bool {
        guard let values = dimensions.first?.values, !values.isEmpty else { return true }
        return !values[index / (count / values.count)].isEmpty
    }
}
