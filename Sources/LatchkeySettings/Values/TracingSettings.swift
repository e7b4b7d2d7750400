package import LatchkeyCrypto
package import LatchkeyHTTP

/// Where spans are exported to.
package struct TracingSettings: Sendable {
    package let origin: Origin
    /// The path that batches are posted to.
    package let target: String
    /// Fields of each request, such as the collector's key.
    package let fields: [(name: String, value: Secret)]
    /// `service.name` of the spans.
    package let service: String

    package init(origin: Origin, target: String, fields: [(name: String, value: Secret)], service: String) {
        self.origin = origin
        self.target = target
        self.fields = fields
        self.service = service
    }
}
