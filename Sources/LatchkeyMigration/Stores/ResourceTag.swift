/// A tag of a secret or parameter: a key of up to 128 characters and a value of up to 256 (API reference of both stores,
/// `Tag`).
package struct ResourceTag: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Whether AWS reserves the key, so that only AWS can set the tag.
    package var isReserved: Bool { key.lowercased().hasPrefix("aws:") }
}
