internal import Glibc

/// Reads a shared file from disk.
package enum SharedFileReader {
    /// A path that does not exist is absent, as in botocore; any other error makes the file unreadable. The file is
    /// opened without blocking, so that a pipe without a writer is refused instead of waited for.
    @Sendable package static func read(_ path: String) -> SharedFileContent {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let reason = errno
            return reason == ENOENT || reason == ENOTDIR ? .absent : .unreadable(text(of: reason))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .unreadable(text(of: errno)) }
        switch status.st_mode & S_IFMT {
        // A character device, because /dev/null is a common way to say that there is no such file.
        case S_IFREG, S_IFCHR: return content(descriptor)
        case S_IFDIR: return .unreadable("it is a directory")
        default: return .unreadable("it is not a regular file")
        }
    }

    /// Reads without waiting, unlike `FileReader.readToEnd`: a device that has no data now is an error.
    private static func content(_ descriptor: Int32) -> SharedFileContent {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= SharedConfigParser.maxBytes {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .unreadable(text(of: errno)) }
            if count == 0 { return .bytes(bytes) }
            bytes += chunk[..<count]
        }
        return .unreadable("it is \(SharedConfigParser.tooLong)")
    }

    private static func text(of reason: Int32) -> String { String(cString: strerror(reason)) }
}
