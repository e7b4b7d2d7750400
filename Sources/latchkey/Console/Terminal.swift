internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings

/// Standard output and error.
enum Terminal {
    /// Whether standard output is a terminal.
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard output is a terminal that shows colours.
    static var outputIsColoured: Bool { isColoured(STDOUT_FILENO) }

    private static func isColoured(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1 && showsColours { name in getenv(name).map { String(cString: $0) } }
    }

    /// Whether the user wants colours (no-color.org), and the terminal is no dumb one.
    ///
    /// - Parameter variable: the value of an environment variable.
    static func showsColours(_ variable: (String) -> String?) -> Bool {
        (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    }

    /// The text as it is written to standard output: in this style if colours are shown.
    static func styled(_ text: String, _ style: TextStyle) -> String {
        outputIsColoured ? style.applied(to: text) : text
    }

    /// Writes all bytes to standard output; returns false if the reader has gone.
    @discardableResult
    static func write(_ bytes: [UInt8]) -> Bool { write(bytes, to: STDOUT_FILENO) }

    /// Writes a command's result to standard output.
    /// - Throws: if not everything could be written. The command prints no error if the reader has closed the pipe,
    ///   like other filters.
    static func deliver(_ bytes: [UInt8]) throws {
        guard !write(bytes) else { return }
        let reason = errno
        guard reason != EPIPE else { throw ExitCode(ExitStatus.failed.rawValue) }
        throw CommandFailure(.failed, "cannot write to standard output: \(String(cString: strerror(reason)))")
    }

    /// Writes a line to standard output.
    static func print(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Writes a message to standard error, as `latchkey: …`.
    static func printError(_ message: String) {
        let name = isColoured(STDERR_FILENO) ? TextStyle.bad.applied(to: "latchkey:") : "latchkey:"
        write(Array("\(name) \(message)\n".utf8), to: STDERR_FILENO)
    }

    /// Ends the process without `atexit` handlers. Other threads may still be running, and OpenSSL's handler would free
    /// memory that they use. There is no buffered output.
    static func end(_ status: Int32) -> Never { _exit(status) }

    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        guard isOutput(descriptor) else {
            errno = EBADF
            return false
        }
        var remaining = bytes[...]
        while !remaining.isEmpty {
            let count = remaining.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { remaining = remaining.dropFirst(count) } else if errno != EINTR { return false }
        }
        return true
    }

    /// Whether the descriptor is a file, terminal, pipe or socket. If it was closed at startup, Dispatch may have
    /// assigned its number to an event descriptor, which has no file type (fstat(2)) and accepts writes of eight bytes.
    private static func isOutput(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT != 0
    }
}
