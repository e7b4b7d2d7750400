internal import Glibc
internal import LatchkeyCore
internal import LatchkeyMetrics

/// Reading small files: settings, shared AWS files, `/proc`.
enum Files {
    /// The most read of one file.
    private static let longest = 1 << 20

    /// A file's bytes; nil where it cannot be read or is longer than 1 MiB.
    static func bytes(_ path: String) -> [UInt8]? { try? content(path) }

    /// A file's bytes, at most 1 MiB. A pipe that the shell has made for this process (`<(…)`, as `/dev/fd/63`) is read to
    /// its end; any other path must be a regular file, so that a pipe that nobody writes to holds nothing up.
    static func content(_ path: String) throws(FileFault) -> [UInt8] {
        guard streams.contains(where: { path.hasPrefix($0) }) else {
            return try FileReader.read(path, limit: longest)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault(errno: errno) }
        defer { close(descriptor) }
        return try FileReader.readToEnd(descriptor, limit: longest)
    }

    /// A file that an option names.
    static func required(_ path: String) throws -> [UInt8] {
        do throws(FileFault) {
            return try content(path)
        } catch {
            throw CommandFailure(.usage, "cannot read \(path): \(error)")
        }
    }

    /// Paths of descriptors that this process was started with.
    private static let streams = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"]

    /// Whether the file's group or others may read it (stat(2)).
    static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & (S_IRGRP | S_IROTH) != 0
    }

    /// A file's text; nil where it cannot be read or is not UTF-8.
    @Sendable static func text(_ path: String) -> String? {
        bytes(path).flatMap { String(validating: $0, as: UTF8.self) }
    }
}

/// The process's own figures for the `process_*` metrics.
enum ProcessFiles {
    /// Reads `/proc/self`; nil where that is not mounted.
    static func read() -> ProcessReading? {
        guard let stat = Files.text("/proc/self/stat") else { return nil }
        return ProcessReading(
            stat: stat, bootTimeSeconds: bootTime(), ticksPerSecond: Int64(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: Int64(sysconf(Int32(_SC_PAGESIZE))), openDescriptors: openDescriptors(),
            maxDescriptors: Int64(descriptorLimit))
    }

    /// The most descriptors the process may have open: the soft RLIMIT_NOFILE.
    static var descriptorLimit: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// `btime` of `/proc/stat` (proc(5)), in seconds since the epoch.
    private static func bootTime() -> Int64 {
        let lines = Files.text("/proc/stat")?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Int64($0.dropFirst(6)) } ?? 0
    }

    private static func openDescriptors() -> Int64 {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count: Int64 = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 3)  // `.`, `..` and the folder itself
    }
}
