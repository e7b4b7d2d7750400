/// A setting in the shared files, or in the variables that select them, that cannot be used.
///
/// The error ends the search for credentials: no other identity is used instead.
package struct SharedConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file; nil if the error is in a variable.
    package let path: String?
    /// Counted from 1; nil if the error is about the whole file.
    package let line: Int?
    /// What is wrong and how to correct it. Names settings and profiles, never a credential.
    package let reason: String

    package init(path: String?, line: Int? = nil, _ reason: String) {
        self.path = path
        self.line = line
        self.reason = reason
    }

    /// `/home/me/.aws/config, line 3`, or `AWS_PROFILE` for the variables that select profile and files.
    package var place: String {
        guard let path else { return "AWS_PROFILE" }
        return line.map { "\(path), line \($0)" } ?? path
    }

    package var description: String { "\(place): \(reason)" }
}
