/// A service that ``DevPeers`` emulates. The raw value is its name in `GET /dev/requests`.
package enum EmulatedService: String, Hashable, Sendable, CaseIterable {
    case parameterStore = "parameter_store"
    case secretsManager = "secrets_manager"
    case issuer
}
