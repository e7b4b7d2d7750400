package import LatchkeyCore

/// Reads one store of secrets. The composition root provides the closure.
package struct SecretSource: Sendable {
    package let store: SecretStore
    /// The application's prefix, `/your-app/dev`.
    package let prefix: String
    /// Reads the item with that full name, by the deadline. Throws `notFound` if there is none.
    package let fetch:
        @Sendable (SecretQuery, _ name: String, MonotonicTime) async throws(UpstreamFault) -> FetchedSecret

    package init(
        store: SecretStore, prefix: String,
        fetch: @escaping @Sendable (SecretQuery, String, MonotonicTime) async throws(UpstreamFault) -> FetchedSecret
    ) {
        self.store = store
        self.prefix = prefix
        self.fetch = fetch
    }

    /// The full name of a key in this store. Names start with a slash in Parameter Store, and without one in Secrets
    /// Manager.
    package func name(of key: SecretKey) -> String {
        let path = key == .root ? prefix : "\(prefix)/\(key.name)"
        return store == .secretsManager && path.hasPrefix("/") ? String(path.dropFirst()) : path
    }

    /// The key of a full name; nil for a name that is not one of the application's secrets.
    package func key(of name: String) -> SecretKey? {
        let root = self.name(of: .root) + "/"
        guard name.utf8.starts(with: root.utf8) else { return nil }
        return SecretKey(String(decoding: name.utf8.dropFirst(root.utf8.count), as: UTF8.self))
    }
}
