internal import LatchkeyConfine
internal import LatchkeyUpstream

extension FileScope {
    /// Reads a shared AWS file. One in a folder that did not exist at start stays absent: it was when the process was
    /// confined, and its appearance must not end the search for credentials.
    func read(_ path: String) -> SharedFileContent {
        let content = SharedFileReader.read(path)
        if case .unreadable = content, excludes(path) { return .absent }
        return content
    }
}
