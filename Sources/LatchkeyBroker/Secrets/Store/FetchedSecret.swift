package import LatchkeyCore
package import LatchkeyCrypto

/// An item as its store returned it.
package struct FetchedSecret: Sendable {
    package var value: Secret
    /// Whether the store holds bytes and not text. Callers get them in base64.
    package var isBinary: Bool
    /// The store's version: a number or an id.
    package var version: String
    /// Everything else that the store returned: the members of a `Parameter` or of a GetSecretValue response without
    /// the value.
    package var attributes: JSON

    package init(value: Secret, isBinary: Bool = false, version: String, attributes: JSON = [:]) {
        self.value = value
        self.isBinary = isBinary
        self.version = version
        self.attributes = attributes
    }
}
