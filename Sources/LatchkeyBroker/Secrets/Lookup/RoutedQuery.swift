/// A query whose stores are known.
struct RoutedQuery {
    /// The item, with its store.
    let item: SecretQuery
    /// The store of the blob.
    let blobStore: SecretStore

    /// Whether the blob itself is requested.
    var isBlob: Bool { item.key == .blob }

    /// The current version of the blob.
    var currentBlob: SecretQuery { SecretQuery(.blob, store: blobStore) }

    /// The requested version of the blob, for a key that is one of its fields.
    var blob: SecretQuery { SecretQuery(.blob, version: item.version, label: item.label, store: blobStore) }
}
