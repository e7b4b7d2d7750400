internal import Glibc

/// Reads small files such as settings, shared AWS files and `/proc`.
package enum SmallFile {
    /// Maximum size in bytes.
    package static let maxBytes = 1 << 20

    /// A file's bytes; nil if it cannot be read or is larger than 1 MiB.
    package static func bytes(_ path: String) -> [UInt8]? { try? content(path) }

    /// A file's bytes, at most 1 MiB. A pipe that the shell made for this process (`<(…)`, as `/dev/fd/63`) is read to
    /// its end. Any other path must be a regular file, because a pipe without a writer would block.
    package static func content(_ path: String) throws(FileError) -> [UInt8] {
        guard isStream(path) else {
            return try FileReader.read(path, limit: maxBytes)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno: errno) }
        defer { close(descriptor) }
        return try FileReader.readToEnd(descriptor, limit: maxBytes)
    }

    /// Whether the path is that of a descriptor that the process was started with, which can be read only once.
    package static func isStream(_ path: String) -> Bool { streams.contains { path.hasPrefix($0) } }

    private static let streams = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"]

    /// Whether the file's group or others may read it (stat(2)).
    package static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & (S_IRGRP | S_IROTH) != 0
    }

    /// A file's text; nil if it cannot be read or is not UTF-8.
    @Sendable package static func text(_ path: String) -> String? {
        bytes(path).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
