internal import LatchkeyBroker
internal import LatchkeyCore

/// Where the fronts read: closures over the broker and the stores, made in the composition root.
///
/// Each `cached` says what memory has without waiting, nil when a store must be asked; its partner asks. A listing may be
/// large and a description is rare: neither is made while a loop waits.
struct FrontStore: Sendable {
    typealias Outcome<Item> = Result<Item, UpstreamFault>

    let names: FrontNames
    /// Which store a secret is read from now; nil while that is not known.
    let storeOf: @Sendable (SecretKey) -> SecretStore?
    let cachedParameter: @Sendable (ParameterRead, Now) -> Outcome<ParameterItem>?
    let parameter: @Sendable (ParameterRead, MonotonicTime) async throws(UpstreamFault) -> ParameterItem
    let cachedSecret: @Sendable (SecretQuery, Now) -> Outcome<SecretItem>?
    /// The flag: go past memory.
    let secret: @Sendable (SecretQuery, Bool, MonotonicTime) async throws(UpstreamFault) -> SecretItem
    /// What Secrets Manager says of a secret; nil where it is read from another store.
    let description: @Sendable (SecretQuery, MonotonicTime) async throws(UpstreamFault) -> JSON?
    /// All of it, in the store's order.
    let listing: @Sendable (PathRead, MonotonicTime) async throws(UpstreamFault) -> [ParameterItem]
}

/// One parameter to read.
struct ParameterRead: Hashable, Sendable {
    let query: SecretQuery
    /// Without it a `SecureString` comes as its store keeps it.
    let isDecrypted: Bool
}

/// What lies below a path, to be read.
struct PathRead: Hashable, Sendable {
    let path: String
    let isRecursive: Bool
    let isDecrypted: Bool
}
