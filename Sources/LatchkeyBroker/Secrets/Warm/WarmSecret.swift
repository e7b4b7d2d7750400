package import LatchkeyCore

/// A cached secret as the warm file has it: what its store returned, and how long it may be served while the store fails.
package struct WarmSecret: Sendable {
    package let key: SecretKey
    package let store: SecretStore
    package let fetched: FetchedSecret
    /// When the store returned it.
    package let received: WallTime
    /// How long after ``received`` it may be served while its store fails.
    package let staleFor: Duration
    /// Whether a caller was given it.
    package let isUsed: Bool

    package init(
        key: SecretKey, store: SecretStore, fetched: FetchedSecret, received: WallTime, staleFor: Duration, isUsed: Bool
    ) {
        self.key = key
        self.store = store
        self.fetched = fetched
        self.received = received
        self.staleFor = staleFor
        self.isUsed = isUsed
    }
}
