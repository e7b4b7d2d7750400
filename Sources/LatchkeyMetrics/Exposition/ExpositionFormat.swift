/// A text format of the metrics page.
package enum ExpositionFormat: Sendable, CaseIterable {
    /// Prometheus text format 0.0.4.
    case prometheus004
    /// OpenMetrics 1.0.
    case openMetrics100

    /// The `Content-Type` of the page.
    package var contentType: String {
        switch self {
        case .prometheus004: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics100: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}
