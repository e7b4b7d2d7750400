internal import Glibc

/// A lock on a folder (flock(2)), so that of two processes which make the same path ready one waits for the other.
struct FolderLock: ~Copyable {
    /// The longest wait for another process, in milliseconds. Making a socket ready takes less than one.
    private static let longestWait = 1000
    /// Between two attempts, in milliseconds.
    private static let pause = 10

    private let descriptor: Int32

    /// Locks the folder of `path`; nil where it cannot be opened or stays locked for ``longestWait``.
    init?(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let opened = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        var attempts = Self.longestWait / Self.pause
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
