package import LatchkeyCore

/// The answer to `GET /health`.
package struct HealthReport: Sendable {
    /// Whether nothing that callers use can be served: the answer is then 503.
    package let isUnavailable: Bool
    package let json: JSON

    package init(isUnavailable: Bool, json: JSON) {
        self.isUnavailable = isUnavailable
        self.json = json
    }
}
