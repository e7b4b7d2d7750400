extension ShellWord {
    /// The argument that names a journal, with a space before it; empty for the default one.
    static func journal(_ path: String) -> String {
        path == JournalFile.defaultPath ? "" : " --journal \(quoted(path))"
    }
}
