internal import Glibc

/// Reads whole regular files, bounded, and never waits for a writer: a pipe in a file's place is refused.
package enum FileReader {
    /// The bytes of the file at `path`.
    ///
    /// - Parameter limit: the most bytes it may have.
    package static func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileFault(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFault(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
        return try readToEnd(descriptor, limit: limit)
    }

    /// What comes from an open descriptor, whatever it is, to its end. Waits for the writer where it has to.
    ///
    /// - Parameter limit: the most bytes; past it nothing more is read (``FileFault/tooLarge(limit:)``).
    package static func readToEnd(_ descriptor: Int32, limit: Int) throws(FileFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit + 1 - bytes.count))
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Who started this process may have left the descriptor in the mode that does not wait.
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&wait, 1, -1)
                continue
            }
            guard count >= 0 else { throw FileFault(errno: errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        throw .tooLarge(limit: limit)
    }

    /// The value that the file at `path` holds: its text without the line end, LF or CR LF, that editors put at the end.
    ///
    /// - Throws: also ``FileFault/empty`` and ``FileFault/notText``.
    package static func value(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        let value = withoutLineEnd(try read(path, limit: limit))
        guard !value.isEmpty else { throw .empty }
        guard String(validating: value, as: UTF8.self) != nil else { throw .notText }
        return value
    }

    /// `bytes` without one line end, LF or CR LF, at their end.
    package static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        let text = bytes.dropLast()
        return Array(text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
    }
}
