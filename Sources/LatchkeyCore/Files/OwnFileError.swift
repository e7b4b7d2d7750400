/// Why a command does not use a file at a path that it was given.
package struct OwnFileError: Error, Hashable, Sendable {
    /// The path, what is wrong with it and how to fix it, in lower case.
    package let message: String

    init(_ message: String) { self.message = message }
}
