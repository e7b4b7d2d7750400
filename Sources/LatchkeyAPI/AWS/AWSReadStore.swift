package import LatchkeyBroker
package import LatchkeyCore

/// The reads that ``AWSRequestHandler`` needs, as closures over the broker. The composition root makes them.
///
/// Each `cached…` closure answers from memory without waiting and returns nil on a miss; the closure after it then asks
/// the store. Listings and descriptions have no cached form: a listing may be too large for the event loop, and a
/// description is rare.
package struct AWSReadStore: Sendable {
    package typealias Outcome<Item> = Result<Item, UpstreamFault>

    package let names: ResourceNames
    /// The store that a secret is read from now; nil while the backend is unknown.
    let storeOf: @Sendable (SecretKey) -> SecretStore?
    package let cachedParameter: @Sendable (ParameterRead, Now) -> Outcome<ParameterItem>?
    let parameter: @Sendable (ParameterRead, ReadTerms) async throws(UpstreamFault) -> ParameterItem
    package let cachedSecret: @Sendable (SecretQuery, Now) -> Outcome<SecretItem>?
    /// The `Bool` asks for a read past the cache.
    let secret: @Sendable (SecretQuery, Bool, ReadTerms) async throws(UpstreamFault) -> SecretItem
    /// The description that Secrets Manager gives; nil where the secret is read from Parameter Store.
    let description: @Sendable (SecretQuery, ReadTerms) async throws(UpstreamFault) -> JSON?
    /// All parameters below a path, in the store's order.
    let listing: @Sendable (PathRead, ReadTerms) async throws(UpstreamFault) -> [ParameterItem]

    package init(
        names: ResourceNames,
        storeOf: @escaping @Sendable (SecretKey) -> SecretStore?,
        cachedParameter: @escaping @Sendable (ParameterRead, Now) -> Outcome<ParameterItem>?,
        parameter:
            @escaping @Sendable (ParameterRead, ReadTerms) async throws(UpstreamFault) -> ParameterItem,
        cachedSecret: @escaping @Sendable (SecretQuery, Now) -> Outcome<SecretItem>?,
        secret:
            @escaping @Sendable (SecretQuery, Bool, ReadTerms) async throws(UpstreamFault) -> SecretItem,
        description: @escaping @Sendable (SecretQuery, ReadTerms) async throws(UpstreamFault) -> JSON?,
        listing:
            @escaping @Sendable (PathRead, ReadTerms) async throws(UpstreamFault) -> [ParameterItem]
    ) {
        self.names = names
        self.storeOf = storeOf
        self.cachedParameter = cachedParameter
        self.parameter = parameter
        self.cachedSecret = cachedSecret
        self.secret = secret
        self.description = description
        self.listing = listing
    }
}
