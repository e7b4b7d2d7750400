internal import LatchkeyBroker

/// A decoded `GET /secrets/{key}`.
struct SecretRequest: Sendable {
    let query: SecretQuery
    /// Whether to read past the cache.
    let refresh: Bool
    let format: SecretResponseFormat
    /// How long to wait for a change of the value that the caller has; nil for no wait.
    let wait: Duration?
}
