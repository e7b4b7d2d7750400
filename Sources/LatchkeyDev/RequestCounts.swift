package import LatchkeyCore

/// The requests that each emulated service received, by operation, whether they succeeded or not.
package struct RequestCounts: Hashable, Sendable {
    private var counts: [EmulatedService: [String: Int64]] = [:]

    /// - Parameter operation: one of a closed set. Unknown operations count as `unknown`.
    mutating func add(_ operation: String, to service: EmulatedService) {
        counts[service, default: [:]][operation, default: 0] += 1
    }

    package subscript(service: EmulatedService, operation: String) -> Int64 { counts[service]?[operation] ?? 0 }

    /// All requests to a service.
    package func total(_ service: EmulatedService) -> Int64 { counts[service]?.values.reduce(0, +) ?? 0 }

    /// `{"issuer":{"token":1},"parameter_store":{"GetParameters":2},"secrets_manager":{}}`.
    package var json: JSON {
        .object(
            JSONObject(
                EmulatedService.allCases.map { service in
                    (service.rawValue, .object(JSONObject((counts[service] ?? [:]).map { ($0, .integer($1)) })))
                }))
    }
}
