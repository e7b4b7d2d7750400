package import LatchkeyBroker
package import LatchkeyCore

/// Where the fronts read: closures over the broker and the stores, made in the composition root.
///
/// Each `cached` says what memory has without waiting, nil when a store must be asked; its partner asks. A listing may be
/// large and a description is rare: neither is made while a loop waits.
package struct AWSReadStore: Sendable {
    package typealias Outcome<Item> = Result<Item, UpstreamFault>

    package let names: ResourceNames
    /// Which store a secret is read from now; nil while that is not known.
    let storeOf: @Sendable (SecretKey) -> SecretStore?
    package let cachedParameter: @Sendable (ParameterRead, Now) -> Outcome<ParameterItem>?
    let parameter: @Sendable (ParameterRead, MonotonicTime) async throws(UpstreamFault) -> ParameterItem
    package let cachedSecret: @Sendable (SecretQuery, Now) -> Outcome<SecretItem>?
    /// The flag: go past memory.
    let secret: @Sendable (SecretQuery, Bool, MonotonicTime) async throws(UpstreamFault) -> SecretItem
    /// What Secrets Manager says of a secret; nil where it is read from another store.
    let description: @Sendable (SecretQuery, MonotonicTime) async throws(UpstreamFault) -> JSON?
    /// All of it, in the store's order.
    let listing: @Sendable (PathRead, MonotonicTime) async throws(UpstreamFault) -> [ParameterItem]

    package init(
        names: ResourceNames,
        storeOf: @escaping @Sendable (SecretKey) -> SecretStore?,
        cachedParameter: @escaping @Sendable (ParameterRead, Now) -> Outcome<ParameterItem>?,
        parameter: @escaping @Sendable (ParameterRead, MonotonicTime) async throws(UpstreamFault) -> ParameterItem,
        cachedSecret: @escaping @Sendable (SecretQuery, Now) -> Outcome<SecretItem>?,
        secret: @escaping @Sendable (SecretQuery, Bool, MonotonicTime) async throws(UpstreamFault) -> SecretItem,
        description: @escaping @Sendable (SecretQuery, MonotonicTime) async throws(UpstreamFault) -> JSON?,
        listing: @escaping @Sendable (PathRead, MonotonicTime) async throws(UpstreamFault) -> [ParameterItem]
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
