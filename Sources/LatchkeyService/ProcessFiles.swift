internal import Glibc
internal import LatchkeyCore
internal import LatchkeyMetrics

/// Reads the process's own statistics for the `process_*` metrics.
enum ProcessFiles {
    /// Reads `/proc/self`; nil if it is not mounted.
    static func read() -> ProcessReading? {
        guard let stat = SmallFile.text("/proc/self/stat") else { return nil }
        return ProcessReading(
            stat: stat, bootTimeSeconds: bootTime(), ticksPerSecond: Int64(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: Int64(sysconf(Int32(_SC_PAGESIZE))), openDescriptors: openDescriptors(),
            maxDescriptors: Int64(descriptorLimit))
    }

    /// Maximum number of open descriptors: the soft RLIMIT_NOFILE.
    static var descriptorLimit: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// `btime` of `/proc/stat` (proc(5)), in seconds since the epoch.
    private static func bootTime() -> Int64 {
        let lines = SmallFile.text("/proc/stat")?.split(separator: "\n") ?? []
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
