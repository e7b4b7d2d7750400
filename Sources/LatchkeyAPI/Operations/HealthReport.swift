package import LatchkeyCore

/// The body of `GET /health`.
package struct HealthReport: Sendable {
    /// Whether nothing that callers use can be served. The status is then 503.
    package let isUnavailable: Bool
    package let json: JSON

    package init(isUnavailable: Bool, json: JSON) {
        self.isUnavailable = isUnavailable
        self.json = json
    }
}
