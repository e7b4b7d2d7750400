/// What a caller asks for: a secret, perhaps at a version or label (Secrets Manager: version stage); or, for the fronts
/// that speak AWS's own API, an item of one of the stores as that store has it.
package struct SecretQuery: Hashable, Sendable {
    /// What is read of an item.
    package enum Shape: Hashable, Sendable {
        /// Its value, decrypted.
        case value
        /// Its value as it is stored (`WithDecryption` false). Parameter Store alone has this.
        case ciphertext
        /// Every parameter at any depth below the key, as the JSON array of a GetParametersByPath answer.
        case tree(isDecrypted: Bool)
        /// The names of everything below the key, as a JSON array of full names. No value is read.
        case names
        /// What a store says of the item, without a value (DescribeSecret). Secrets Manager alone has this.
        case description
    }

    /// Bytes of a version's id at Secrets Manager (GetSecretValue, `VersionId`).
    package static let versionIDBytes = 32...64
    /// Bytes of a version stage at Secrets Manager (GetSecretValue, `VersionStage`).
    package static let longestLabel = 256

    package let key: SecretKey
    package var version: String?
    package var label: String?
    /// The store it is asked of; nil for the one in force.
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

    /// Whether it is the blob as it is now, whose reading says how its store is.
    var isCurrentBlob: Bool { self == SecretQuery(.blob, store: store) }

    var isVersioned: Bool { version != nil || label != nil }

    /// The same, of that store where none was named.
    func of(_ store: SecretStore) -> SecretQuery {
        guard self.store == nil else { return self }
        var query = self
        query.store = store
        return query
    }
}
