internal import Glibc
internal import LatchkeyCore

/// Descriptor 0, whatever it is: a pipe, a file, a socket, a terminal. It is never opened by a path, which sockets do not
/// have and other users' pipes refuse.
enum StandardInput {
    /// Whether somebody types there.
    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// All there is.
    ///
    /// - Parameter limit: the most bytes. Where there are more nothing further is read.
    /// - Returns: nil where there are more.
    static func read(limit: Int) throws -> [UInt8]? {
        // Where it was closed at the start, Dispatch may have given its number to a descriptor of its own, which has no
        // type (fstat(2)).
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT != 0 else { throw failure("it is closed") }
        do throws(FileFault) {
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
