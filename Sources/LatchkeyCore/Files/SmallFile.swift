internal import Glibc

/// Reading small files: settings, shared AWS files, `/proc`.
package enum SmallFile {
    /// The most read of one file.
    private static let longest = 1 << 20

    /// A file's bytes; nil where it cannot be read or is longer than 1 MiB.
    package static func bytes(_ path: String) -> [UInt8]? { try? content(path) }

    /// A file's bytes, at most 1 MiB. A pipe that the shell has made for this process (`<(…)`, as `/dev/fd/63`) is read to
    /// its end; any other path must be a regular file, so that a pipe that nobody writes to holds nothing up.
    package static func content(_ path: String) throws(FileFault) -> [UInt8] {
        guard streams.contains(where: { path.hasPrefix($0) }) else {
            return try FileReader.read(path, limit: longest)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault(errno: errno) }
        defer { close(descriptor) }
        return try FileReader.readToEnd(descriptor, limit: longest)
    }

    /// Paths of descriptors that this process was started with.
    private static let streams = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"]

    /// Whether the file's group or others may read it (stat(2)).
    package static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & (S_IRGRP | S_IROTH) != 0
    }

    /// A file's text; nil where it cannot be read or is not UTF-8.
    @Sendable package static func text(_ path: String) -> String? {
        bytes(path).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
