/// The result of reading a shared file.
package enum SharedFileContent: Hashable, Sendable {
    case absent
    case bytes([UInt8])
    /// The file exists and cannot be read. The text says why.
    case unreadable(String)

    /// Nil means an absent file.
    package init(_ text: String?) { self = text.map { .bytes(Array($0.utf8)) } ?? .absent }
}
