internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeySettings

/// Standard output and error.
enum Terminal {
    /// Whether standard output is a terminal.
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes all of it to standard output. False when nobody reads any more.
    @discardableResult
    static func write(_ bytes: [UInt8]) -> Bool { write(bytes, to: STDOUT_FILENO) }

    /// Writes what a command was asked for to standard output.
    /// - Throws: where not all of it could be written. Silent when the reader has gone: it has what it wanted, and
    ///   filters do not complain.
    static func deliver(_ bytes: [UInt8]) throws {
        guard !write(bytes) else { return }
        let reason = errno
        guard reason != EPIPE else { throw ExitCode(ExitStatus.failed.rawValue) }
        throw CommandFailure(.failed, "cannot write to standard output: \(String(cString: strerror(reason)))")
    }

    /// Writes a line to standard output.
    static func print(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Writes a message to standard error, as `latchkey: …`.
    static func printError(_ message: String) { write(Array("latchkey: \(message)\n".utf8), to: STDERR_FILENO) }

    /// Ends the process and runs nothing on the way. Threads may still be at work, and `exit` would have OpenSSL free
    /// what they use. Nothing that was written waits in a buffer here.
    static func end(_ status: Int32) -> Never { _exit(status) }

    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        guard isOutput(descriptor) else {
            errno = EBADF
            return false
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return false }
        }
        return true
    }

    /// Whether the descriptor is a file, a terminal, a pipe or a socket. Where it was closed at the start, Dispatch has
    /// given its number to an event descriptor of its own, which has no type (fstat(2)) and would take eight bytes.
    private static func isOutput(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT != 0
    }
}
