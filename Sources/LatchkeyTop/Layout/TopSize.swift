/// The size of the screen in characters.
package struct TopSize: Hashable, Sendable {
    package let columns: Int
    /// Nil for as many lines as there are.
    package let rows: Int?

    /// Sizes outside 20 to 1000 columns and 1 to 1000 rows are brought into these ranges.
    package init(columns: Int, rows: Int?) {
        self.columns = min(max(columns, 20), 1000)
        self.rows = rows.map { min(max($0, 1), 1000) }
    }
}
