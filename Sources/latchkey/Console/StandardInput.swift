internal import Glibc
internal import LatchkeyCore

/// Standard input: a pipe, file, socket or terminal. It is read by its descriptor, because `/dev/stdin` cannot be
/// opened for a socket or for another user's pipe.
enum StandardInput {
    /// Whether standard input is a terminal.
    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Reads everything.
    ///
    /// - Parameter limit: the maximum number of bytes.
    /// - Returns: nil if there are more.
    static func read(limit: Int) throws -> [UInt8]? {
        // If standard input was closed at startup, Dispatch may have assigned descriptor 0 to an event descriptor,
        // which has no file type (fstat(2)).
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT != 0 else { throw failure("it is closed") }
        do throws(FileError) {
            return try FileReader.readToEnd(STDIN_FILENO, limit: limit)
        } catch {
            switch error {
            case .tooLarge: return nil
            case .notAFile: throw failure("it is a folder")
            case .system(EBADF): throw failure("it is closed, or not open for reading")
            default: throw failure("\(error)")
            }
        }
    }

    private static func failure(_ why: String) -> CommandFailure {
        CommandFailure(.usage, "cannot read standard input: \(why)")
    }
}
