/// A query whose stores are known.
struct PlacedQuery {
    /// The item, with its store.
    let item: SecretQuery
    /// The store that the blob is read from.
    let blobStore: SecretStore

    /// Whether the blob itself is asked for.
    var isBlob: Bool { item.key == .blob }

    /// The blob as it is now.
    var currentBlob: SecretQuery { SecretQuery(.blob, store: blobStore) }

    /// The blob at the version that is asked for, where the key turns out to be one of its fields.
    var blob: SecretQuery { SecretQuery(.blob, version: item.version, label: item.label, store: blobStore) }
}
