/// The warm file: where it is, and where its key is.
package struct WarmFileSetting: Hashable, Sendable {
    /// The absolute path of the file.
    package let path: String
    /// The path of the file with the key.
    package let keyPath: String
    /// How long after its last successful read an item of the file may be served.
    package let maxAge: Duration
}
