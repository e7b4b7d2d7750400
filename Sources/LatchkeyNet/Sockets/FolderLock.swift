internal import Glibc

/// A lock on a folder (flock(2)), so that two processes do not prepare the same path at once.
struct FolderLock: ~Copyable {
    /// The most milliseconds to wait for another process. Preparing a socket takes less than one.
    private static let maxWait = 1000
    /// Milliseconds between two attempts.
    private static let pause = 10

    private let descriptor: Int32

    /// Locks the folder of `path`; nil if the folder cannot be opened or stays locked for ``maxWait``.
    init?(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let opened = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        var attempts = Self.maxWait / Self.pause
        while flock(opened, LOCK_EX | LOCK_NB) != 0 {
            attempts -= 1
            guard attempts > 0 else {
                close(opened)
                return nil
            }
            usleep(UInt32(Self.pause) * 1000)
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}
