/// Escaping in the two text formats (Prometheus text format 0.0.4, "Comments, help text"; OpenMetrics 1.0 §4.1).
enum Escape {
    /// Escapes backslash, double quote and line feed.
    static func labelValue(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// Escapes backslash and line feed, and for OpenMetrics also the double quote.
    static func help(_ text: String, quotes: Bool) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? escaped.replacing("\"", with: "\\\"") : escaped
    }
}
