/// One secret in a manifest.
package struct ManifestEntry: Hashable, Sendable {
    package var name: String
    package var versionID: String?
    /// ``DigestKey/digest(_:_:)`` of the value, in hex.
    package var digest: String

    package init(name: String, versionID: String?, digest: String) {
        self.name = name
        self.versionID = versionID
        self.digest = digest
    }
}
