package import LatchkeyCore
package import LatchkeyCrypto

/// One item as its store gave it.
package struct FetchedSecret: Sendable {
    package var value: Secret
    /// Whether the store holds it as bytes and not as text; callers get it in base64.
    package var isBinary: Bool
    /// The store's name for this version: a number or an id.
    package var version: String
    /// All else the store said of it, in its own words: the members of a `Parameter` or of a GetSecretValue answer
    /// without the value.
    package var attributes: JSON

    package init(value: Secret, isBinary: Bool = false, version: String, attributes: JSON = [:]) {
        self.value = value
        self.isBinary = isBinary
        self.version = version
        self.attributes = attributes
    }
}

/// A store of secrets. The closure is the composition root's.
package struct SecretSource: Sendable {
    package let store: SecretStore
    /// The application's prefix, `/your-app/dev`.
    package let prefix: String
    /// The item of that full name by the deadline; `notFound` where there is none.
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

    /// A key's full name in this store. Secrets Manager's names begin without a slash, Parameter Store's with one.
    package func name(of key: SecretKey) -> String {
        let path = key == .root ? prefix : "\(prefix)/\(key.name)"
        return store == .secretsManager && path.hasPrefix("/") ? String(path.dropFirst()) : path
    }

    /// The key of a full name; nil for what is not the application's, or is no secret of it.
    package func key(of name: String) -> SecretKey? {
        let root = self.name(of: .root) + "/"
        guard name.utf8.starts(with: root.utf8) else { return nil }
        return SecretKey(String(decoding: name.utf8.dropFirst(root.utf8.count), as: UTF8.self))
    }
}
