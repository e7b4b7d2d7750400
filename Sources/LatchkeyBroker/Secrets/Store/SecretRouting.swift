/// Which store each secret is read from: the store of the backend, except for the secrets that stay in Secrets Manager.
package struct SecretRouting: Hashable, Sendable {
    package let backend: SecretBackend
    /// The keys that are read from Secrets Manager while the backend is Parameter Store.
    package let kept: Set<SecretKey>

    package init(backend: SecretBackend, kept: Set<SecretKey> = []) {
        self.backend = backend
        self.kept = kept
    }

    /// The store that has the item of this key.
    package func store(of key: SecretKey) -> SecretStore {
        backend.store == .parameterStore && kept.contains(key) ? .secretsManager : backend.store
    }
}
