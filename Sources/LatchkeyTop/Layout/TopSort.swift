/// What tables are sorted by: names ascending, numbers descending.
package enum TopSort: String, CaseIterable, Sendable {
    case rate, latency, errors, name

    package var next: TopSort {
        let all = TopSort.allCases
        let index = all.firstIndex(of: self) ?? 0
        return all[(index + 1) % all.count]
    }

    /// The rows in order. Rows that are equal are sorted by name, so that they do not change places at each reading.
    func sorted(_ rows: [BrokerFigures.Row], isReversed: Bool) -> [BrokerFigures.Row] {
        let sorted = rows.sorted { left, right in
            let (first, second) = (number(left), number(right))
            return first == second ? left.name < right.name : first > second
        }
        return isReversed ? sorted.reversed() : sorted
    }

    private func number(_ row: BrokerFigures.Row) -> Double {
        switch self {
        case .rate: row.rate
        case .latency: row.high ?? -1
        case .errors: row.errors
        case .name: 0
        }
    }
}
