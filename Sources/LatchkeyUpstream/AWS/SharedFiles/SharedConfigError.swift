/// Something that the shared files or the variables beside them set up and that cannot be followed. It ends the search
/// for credentials: another identity is never used in its place.
package struct SharedConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file; nil where a variable is at fault.
    package let path: String?
    /// Counted from 1; nil where the whole file is meant.
    package let line: Int?
    /// What is wrong and what would be right. Names settings and profiles, and never shows a credential.
    package let reason: String

    package init(path: String?, line: Int? = nil, _ reason: String) {
        self.path = path
        self.line = line
        self.reason = reason
    }

    /// `/home/me/.aws/config, line 3`, or the variables that choose profile and files.
    package var place: String {
        guard let path else { return "AWS_PROFILE" }
        return line.map { "\(path), line \($0)" } ?? path
    }

    package var description: String { "\(place): \(reason)" }
}
