/// Where each secret is read: the backend, and the secrets that stay in Secrets Manager all the same.
package struct SecretPlaces: Hashable, Sendable {
    package let backend: SecretBackend
    /// Read from Secrets Manager while the backend is Parameter Store.
    package let kept: Set<SecretKey>

    package init(backend: SecretBackend, kept: Set<SecretKey> = []) {
        self.backend = backend
        self.kept = kept
    }

    /// The store that has the item of this key.
    package func store(of key: SecretKey) -> SecretStore {
        backend.store == .parameterStore && kept.contains(key) ? .secretsManager : backend.store
    }

    /// Both stores that a query without a store concerns: the blob is looked at for a field of the key's name, and the key may be an item
    /// of the other store.
    func place(_ query: SecretQuery) -> PlacedQuery {
        PlacedQuery(item: query.of(store(of: query.key)), blobStore: store(of: .blob))
    }
}
