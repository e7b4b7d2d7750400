internal import Glibc

/// Reads whole files up to a limit.
package enum FileReader {
    /// The bytes of the regular file at `path`. A pipe is refused without waiting for its writer.
    ///
    /// - Parameter limit: the most bytes that the file may have.
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
        return try readToEnd(descriptor, limit: limit)
    }

    /// Reads an open descriptor of any kind to its end. Blocks while the writer of a pipe has not finished.
    ///
    /// - Parameter limit: the most bytes. One byte more throws ``FileError/tooLarge(limit:)`` and ends the reading.
    package static func readToEnd(_ descriptor: Int32, limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit + 1 - bytes.count))
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // An inherited descriptor may be in non-blocking mode.
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&wait, 1, -1)
                continue
            }
            guard count >= 0 else { throw FileError(errno: errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        throw .tooLarge(limit: limit)
    }

    /// The value in the file at `path`: its text without one line end, LF or CR LF, at the end.
    ///
    /// - Throws: also ``FileError/empty`` and ``FileError/notText``.
    package static func value(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let value = withoutLineEnd(try read(path, limit: limit))
        guard !value.isEmpty else { throw .empty }
        guard String(validating: value, as: UTF8.self) != nil else { throw .notText }
        return value
    }

    /// `bytes` without one line end, LF or CR LF, at the end.
    package static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        let text = bytes.dropLast()
        return Array(text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
    }
}
