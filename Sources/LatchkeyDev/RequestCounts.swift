package import LatchkeyCore

/// What each stand-in was asked, by operation, whether it was answered or not.
package struct RequestCounts: Hashable, Sendable {
    private var counts: [DevService: [String: Int64]] = [:]

    /// - Parameter operation: one of a closed set; what callers make up counts as `unknown`.
    mutating func add(_ operation: String, to service: DevService) {
        counts[service, default: [:]][operation, default: 0] += 1
    }

    package subscript(service: DevService, operation: String) -> Int64 { counts[service]?[operation] ?? 0 }

    /// All requests a service has had.
    package func total(_ service: DevService) -> Int64 { counts[service]?.values.reduce(0, +) ?? 0 }

    /// `{"issuer":{"token":1},"parameter_store":{"GetParameters":2},"secrets_manager":{}}`.
    package var json: JSON {
        .object(
            JSONObject(
                DevService.allCases.map { service in
                    (service.rawValue, .object(JSONObject((counts[service] ?? [:]).map { ($0, .integer($1)) })))
                }))
    }
}
