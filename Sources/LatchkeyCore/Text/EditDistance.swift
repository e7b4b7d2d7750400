/// Finds the name that was probably meant by a mistyped one.
package enum EditDistance {
    /// The candidate with the smallest Levenshtein distance, compared as bytes. Of several the first.
    ///
    /// - Parameter limit: the greatest distance that counts.
    /// - Returns: nil if no candidate is that close.
    package static func nearest(to name: String, among candidates: [String], limit: Int) -> String? {
        let scored = candidates.map { ($0, between(name, $0)) }
        return scored.min { $0.1 < $1.1 }.flatMap { $0.1 <= limit ? $0.0 : nil }
    }

    /// The Levenshtein distance: the fewest bytes to insert, remove or replace that turn one text into the other. Takes
    /// time in proportion to the product of both lengths.
    package static func between(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in right.indices {
                let cost = previous + (byte == right[column] ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(cost, previous + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
