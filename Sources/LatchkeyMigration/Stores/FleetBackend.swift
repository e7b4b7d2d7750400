/// The store that a fleet reads secrets from, as `<prefix>/latchkey/backend` tells brokers whose backend is `auto`.
package enum FleetBackend: String, Hashable, Sendable, CaseIterable {
    case secretsManager = "secrets-manager"
    /// Secrets Manager answers callers; the broker compares its values with Parameter Store's.
    case shadow
    case parameterStore = "parameter-store"
}
