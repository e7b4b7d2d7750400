/// What is read from a store, and the key under which it is cached: a secret, possibly at a version or label.
///
/// A label is a version stage in Secrets Manager. The fronts that speak AWS's own APIs also read other shapes of an
/// item.
package struct SecretQuery: Hashable, Sendable {
    /// Which part of an item is read.
    package enum Shape: Hashable, Sendable {
        /// The value, decrypted.
        case value
        /// The value as it is stored (`WithDecryption` false). Parameter Store only.
        case ciphertext
        /// Every parameter at any depth below the key, as the JSON array of a GetParametersByPath response.
        case tree(isDecrypted: Bool)
        /// The full names of everything below the key, as a JSON array, without values.
        case names
        /// The metadata of the item without its value (DescribeSecret). Secrets Manager only.
        case description
    }

    /// The length in bytes of a version id in Secrets Manager (GetSecretValue, `VersionId`).
    package static let versionIDBytes = 32...64
    /// The maximum length in bytes of a version stage in Secrets Manager (GetSecretValue, `VersionStage`).
    package static let maxLabelBytes = 256

    package let key: SecretKey
    package var version: String?
    package var label: String?
    /// The store to read from; nil for the store that ``SecretRouting`` gives.
    package var store: SecretStore?
    package var shape: Shape

    package init(
        _ key: SecretKey, version: String? = nil, label: String? = nil, store: SecretStore? = nil,
        shape: Shape = .value
    ) {
        self.key = key
        self.version = version
        self.label = label
        self.store = store
        self.shape = shape
    }

    /// Whether this is the current version of the blob. Reading it shows the health of its store.
    var isCurrentBlob: Bool { self == SecretQuery(.blob, store: store) }

    var isVersioned: Bool { version != nil || label != nil }

    /// The same query, from `store` if it names none.
    func of(_ store: SecretStore) -> SecretQuery {
        guard self.store == nil else { return self }
        var query = self
        query.store = store
        return query
    }
}

extension SecretQuery {
    /// What a read costs of the calls that Parameter Store allows. Ten current values share a call; nothing else does.
    var readCost: Int { store == .parameterStore && (shape != .value || isVersioned) ? 10 : 1 }
}
