internal import LatchkeyCore

/// Decides when freed memory is given back to the kernel. Pure.
///
/// glibc keeps what was freed between blocks that stay. malloc_trim(3) gives it back, but holds the lock of each of glibc's
/// arenas for milliseconds, so it is called at a quiet moment, and only if it may give back much.
struct TrimRule: Sendable {
    /// What the process uses.
    struct Usage: Equatable, Sendable {
        /// Memory that belongs to no file, in bytes.
        var memory: Int
        /// CPU time of all threads so far.
        var cpuTime: Duration
    }

    /// Time between two readings of the usage.
    static let interval: Duration = .seconds(10)
    /// Memory beyond that of the start, and the change since the last trim, that make a trim worth its cost: in bytes.
    static let worthwhile = 8 << 20
    /// The process is quiet if it used at most one part in this many of the time of one processor.
    static let quietShare = 20

    private let memoryAtStart: Int
    private var memoryAtTrim: Int
    private var last: (usage: Usage, at: MonotonicTime)

    init(atStart usage: Usage, _ now: MonotonicTime) {
        memoryAtStart = usage.memory
        memoryAtTrim = usage.memory
        last = (usage, now)
    }

    /// Whether memory should be given back now.
    mutating func isDue(_ usage: Usage, _ now: MonotonicTime) -> Bool {
        defer { last = (usage, now) }
        let isQuiet = (usage.cpuTime - last.usage.cpuTime) * Self.quietShare <= now - last.at
        // If memory is in use, it is as it was at the last trim, and another one would not help.
        let mayHelp = (usage.memory - memoryAtTrim).magnitude >= UInt(Self.worthwhile)
        return isQuiet && mayHelp && usage.memory - memoryAtStart >= Self.worthwhile
    }

    /// Memory was given back, and this is left.
    mutating func trimmed(_ usage: Usage) { memoryAtTrim = usage.memory }
}
