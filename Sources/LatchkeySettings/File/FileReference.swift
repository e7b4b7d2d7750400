/// A value that names a file which holds the actual value.
enum FileReference {
    /// The path in `file:/path`; nil for any other text.
    static func path(_ text: String) -> String? {
        text.hasPrefix("file:/") ? String(text.dropFirst("file:".count)) : nil
    }
}
