internal import CLinux
internal import Dispatch
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyLog
internal import Logging

/// Gives freed memory back to the kernel at quiet moments, as ``TrimRule`` decides.
struct MemoryTrimmer: Sendable {
    let time: Timing
    let log: Logger

    /// Runs until the end of the process.
    func run() async {
        guard let usage = Self.usage() else { return }
        var rule = TrimRule(atStart: usage, time.now().monotonic)
        while !Task.isCancelled {
            await time.sleep(time.now().monotonic + TrimRule.interval)
            guard let before = Self.usage(), rule.isDue(before, time.now().monotonic) else { continue }
            await Self.trim()
            guard let after = Self.usage() else { continue }
            rule.trimmed(after)
            log.info(
                .memoryTrimmed,
                "freed memory was given back",
                metadata: ["before_kib": "\(before.memory >> 10)", "after_kib": "\(after.memory >> 10)"])
        }
    }

    /// Not on a thread of Swift's pool, because it takes tens of milliseconds.
    private static func trim() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                latchkey_trim_memory()
                continuation.resume()
            }
        }
    }

    /// The usage of this process (proc(5), statm; getrusage(2)); nil without `/proc`.
    private static func usage() -> TrimRule.Usage? {
        let fields = SmallFile.text("/proc/self/statm")?.split(separator: " ").prefix(3).compactMap { Int($0) } ?? []
        guard fields.count == 3 else { return nil }
        var used = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &used)
        let cpuTime = [used.ru_utime, used.ru_stime].reduce(Duration.zero) { sum, part in
            sum + .seconds(part.tv_sec) + .microseconds(Int64(part.tv_usec))
        }
        // Resident pages without those of files.
        let pages = max(0, fields[1] - fields[2])
        return TrimRule.Usage(memory: pages * max(1, sysconf(Int32(_SC_PAGESIZE))), cpuTime: cpuTime)
    }
}
