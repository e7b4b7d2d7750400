/// One sample of a metrics page.
package struct MetricSample: Hashable, Sendable {
    package let name: String
    /// Of two labels with one name the last counts.
    package let labels: [String: String]
    /// It may be infinite or NaN, which the format has.
    package let value: Double

    package init(name: String, labels: [String: String] = [:], value: Double) {
        (self.name, self.labels, self.value) = (name, labels, value)
    }

    /// Whether the sample has all these labels.
    func has(_ wanted: [String: String]) -> Bool { wanted.allSatisfy { labels[$0.key] == $0.value } }
}
