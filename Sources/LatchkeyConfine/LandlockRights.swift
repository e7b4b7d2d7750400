/// Landlock's rights on files: the `LANDLOCK_ACCESS_FS_…` of the kernel's `landlock.h`.
struct LandlockRights: OptionSet, Hashable, Sendable {
    let rawValue: UInt64

    static let execute = LandlockRights(rawValue: 1 << 0)
    static let writeFile = LandlockRights(rawValue: 1 << 1)
    static let readFile = LandlockRights(rawValue: 1 << 2)
    static let readFolder = LandlockRights(rawValue: 1 << 3)
    static let removeFolder = LandlockRights(rawValue: 1 << 4)
    static let removeFile = LandlockRights(rawValue: 1 << 5)
    static let makeFolder = LandlockRights(rawValue: 1 << 7)
    static let makeFile = LandlockRights(rawValue: 1 << 8)
    static let makeSocket = LandlockRights(rawValue: 1 << 9)
    static let makePipe = LandlockRights(rawValue: 1 << 10)
    static let makeLink = LandlockRights(rawValue: 1 << 12)
    /// Since ABI 2.
    static let refer = LandlockRights(rawValue: 1 << 13)
    /// Since ABI 3.
    static let truncate = LandlockRights(rawValue: 1 << 14)

    /// The rights that a rule for a single file may have.
    static let ofFiles: LandlockRights = [.execute, .writeFile, .readFile, .truncate]

    /// All rights that a kernel with this ABI knows. What no rule allows is denied. Without `LANDLOCK_ACCESS_FS_IOCTL_DEV`
    /// (ABI 5): devices other than `/dev/null` cannot be opened anyway.
    static func all(abi: Int) -> LandlockRights {
        let count = abi >= 3 ? 15 : abi == 2 ? 14 : 13
        return LandlockRights(rawValue: (1 << count) - 1)
    }

    /// What Landlock confines besides files, `LANDLOCK_SCOPE_…`, since ABI 6: connections to abstract Unix sockets of
    /// other processes, and signals to them.
    static func scope(abi: Int, abstractSockets: Bool) -> UInt64 {
        guard abi >= 6 else { return 0 }
        return 1 << 1 | (abstractSockets ? 0 : 1)
    }
}
