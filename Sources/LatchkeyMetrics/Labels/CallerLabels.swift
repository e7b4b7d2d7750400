/// The values of the label `caller`: the ids of at most ``maxNamed`` callers, and `other` for the rest. Pure.
///
/// A caller keeps its ordinal as long as it exists.
package struct CallerLabels: Sendable {
    /// The most callers with a label of their own.
    package static let maxNamed = 64
    /// The ordinal of all others, and of a caller that has their name as its id.
    package static let other = maxNamed
    private static let otherName = "other"

    /// The value at each ordinal; empty if it is not in use.
    private(set) var values = [String](repeating: "", count: maxNamed + 1)

    /// Makes `ids` the callers.
    ///
    /// - Returns: the ordinal of each, and the ordinals whose value has changed.
    mutating func replace(with ids: [String]) -> (ordinals: [Int], changed: [Int]) {
        let before = values
        let wanted = Set(ids)
        for ordinal in 0..<Self.maxNamed where !wanted.contains(values[ordinal]) { values[ordinal] = "" }
        var places = Dictionary(
            values[..<Self.maxNamed].enumerated().filter { !$1.isEmpty }.map { ($1, $0) },
            uniquingKeysWith: { first, _ in first })
        var free = (0..<Self.maxNamed).filter { values[$0].isEmpty }[...]
        let ordinals = ids.map { id in
            if id == Self.otherName { return Self.other }
            if let place = places[id] { return place }
            guard let place = free.popFirst() else { return Self.other }
            values[place] = id
            places[id] = place
            return place
        }
        values[Self.other] = ordinals.contains(Self.other) ? Self.otherName : ""
        return (ordinals, values.indices.filter { values[$0] != before[$0] })
    }
}
