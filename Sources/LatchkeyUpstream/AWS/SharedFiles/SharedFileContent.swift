/// What lies at the path of a shared file.
package enum SharedFileContent: Hashable, Sendable {
    case absent
    case bytes([UInt8])
    /// There is something, and it cannot be read, and why.
    case unreadable(String)

    /// A text; absent where there is none.
    package init(_ text: String?) { self = text.map { .bytes(Array($0.utf8)) } ?? .absent }
}
