internal import Glibc

/// The file of a listening Unix socket, identified by device and inode. A broker that stops removes its own socket and
/// never the one that its successor created at the same path.
package struct UnixSocketFile: Hashable, Sendable {
    package let path: String
    private let device: UInt64
    private let inode: UInt64

    /// The socket that is at `path` now (lstat(2)); nil if there is none. No other file gets the inode while the socket
    /// is open.
    package init?(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// Removes the file if it is still this socket. Call it while the socket is open. A lock on the folder keeps a
    /// successor from taking the path over between the comparison and the removal.
    ///
    /// - Returns: whether the file was removed.
    @discardableResult
    package func remove() -> Bool {
        let lock = FolderLock(of: path)
        let isRemoved = removeWithoutLock()
        _ = consume lock
        return isRemoved
    }

    /// As ``remove()``, for a caller that has locked the folder.
    @discardableResult
    func removeWithoutLock() -> Bool {
        guard UnixSocketFile(at: path) == self else { return false }
        return unlink(path) == 0
    }
}
