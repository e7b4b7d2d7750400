/// Name, help text and labels of one metric family.
struct Family: Sendable {
    /// The kinds both formats know; `info` is a gauge of 1 in the Prometheus text format.
    enum Kind: Sendable { case counter, gauge, histogram, info }

    /// One label and every value it may take, in ordinal order.
    struct Dimension: Sendable {
        let name: String
        let values: [String]

        /// A label over one of the closed sets.
        init<Value: Label>(_ name: String, _: Value.Type) {
            self.name = name
            values = Value.labels
        }

        /// A label whose values come from settings (profile names); an empty one stands for none.
        init(_ name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// The name without `_total` or `_info`, which the formats put on samples.
    let name: String
    let kind: Kind
    /// The OpenMetrics unit; the name ends in it when there is one (OpenMetrics 1.0 §4.4.3).
    let unit: String?
    let help: String
    let dimensions: [Dimension]
    /// How many series the family may have: the product of its labels' sizes.
    let count: Int
    /// Sizes of the last label and of the last two together, kept so that ``index(_:_:_:)`` looks nothing up.
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

    /// The number of a series of a family with two labels; with one label the ordinal is the number.
    func index(_ first: Int, _ second: Int) -> Int { first * last + second }

    /// The number of a series of a family with three labels.
    func index(_ first: Int, _ second: Int, _ third: Int) -> Int { first * lastTwo + second * last + third }

    /// The numbers of the series whose first label has that ordinal.
    func series(ofFirst ordinal: Int) -> Range<Int> {
        let each = count / max(1, dimensions.first?.values.count ?? 1)
        return ordinal * each..<(ordinal + 1) * each
    }

    /// The same family with other values of the first label, as many as before. One that is empty stands for none: its
    /// series are not shown.
    func named(_ values: [String]) -> Family {
        let first = Dimension(dimensions.first?.name ?? "", values: values)
        return Family(name, kind, unit: unit, help: help, [first] + dimensions.dropFirst())
    }

    /// Whether the first label of series `index` has a value.
    func isNamed(_ index: Int) -> Bool {
        guard let values = dimensions.first?.values, !values.isEmpty else { return true }
        return !values[index / (count / values.count)].isEmpty
    }

    /// The labels of series `index` as `a="x",b="y"`, escaped; empty for a family without labels.
    ///
    /// Series are numbered with the last label running fastest.
    func labels(at index: Int) -> String {
        var rest = index
        var parts: [String] = []
        for dimension in dimensions.reversed() {
            let value = dimension.values[rest % dimension.values.count]
            rest /= dimension.values.count
            parts.append("\(dimension.name)=\"\(Escape.labelValue(value))\"")
        }
        return parts.reversed().joined(separator: ",")
    }
}

/// Escaping of the two text formats (Prometheus text 0.0.4 "Comments, help text"; OpenMetrics 1.0 §4.1).
enum Escape {
    /// Backslash, double quote and line feed.
    static func labelValue(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// HELP text: backslash and line feed, and in OpenMetrics the double quote too.
    static func help(_ text: String, quotes: Bool) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? escaped.replacing("\"", with: "\\\"") : escaped
    }
}
