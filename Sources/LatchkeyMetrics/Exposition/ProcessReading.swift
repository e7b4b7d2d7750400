/// The values of the `process_*` metrics, which are read from `/proc/self` at each scrape.
package struct ProcessReading: Equatable, Sendable {
    /// User and system CPU time in seconds.
    package var cpuSeconds: Double
    package var residentBytes: Int64
    package var virtualBytes: Int64
    package var openDescriptors: Int64
    /// The soft RLIMIT_NOFILE.
    package var maxDescriptors: Int64
    /// The start of the process in seconds since the Unix epoch.
    package var startTimeSeconds: Double

    package init(
        cpuSeconds: Double, residentBytes: Int64, virtualBytes: Int64, openDescriptors: Int64, maxDescriptors: Int64,
        startTimeSeconds: Double
    ) {
        self.cpuSeconds = cpuSeconds
        self.residentBytes = residentBytes
        self.virtualBytes = virtualBytes
        self.openDescriptors = openDescriptors
        self.maxDescriptors = maxDescriptors
        self.startTimeSeconds = startTimeSeconds
    }

    /// Reads `/proc/self/stat` (proc(5)): the fields utime 14, stime 15, starttime 22, vsize 23 and rss 24.
    ///
    /// - Parameters:
    ///   - stat: the file's text. Fields are counted from the last `)`, because the command name, field 2, may contain
    ///     spaces and parentheses.
    ///   - bootTimeSeconds: `btime` of `/proc/stat`.
    ///   - ticksPerSecond: `sysconf(_SC_CLK_TCK)`.
    ///   - pageBytes: `sysconf(_SC_PAGESIZE)`.
    /// - Returns: nil if the text does not have these fields.
    package init?(
        stat: String, bootTimeSeconds: Int64, ticksPerSecond: Int64, pageBytes: Int64, openDescriptors: Int64,
        maxDescriptors: Int64
    ) {
        guard ticksPerSecond > 0, let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        // The first field after the command name is number 3.
        func field(_ number: Int) -> Int64? { fields.count > number - 3 ? Int64(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let pages = field(24)
        else { return nil }
        self.init(
            cpuSeconds: Double(user + system) / Double(ticksPerSecond), residentBytes: pages * pageBytes,
            virtualBytes: virtual, openDescriptors: openDescriptors, maxDescriptors: maxDescriptors,
            startTimeSeconds: Double(bootTimeSeconds) + Double(start) / Double(ticksPerSecond))
    }
}
