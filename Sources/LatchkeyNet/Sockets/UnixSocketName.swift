internal import Glibc

/// A Unix socket that listens under a temporary name beside its path, until ``publish()`` gives it the path.
///
/// No client meets a socket that is bound and does not listen yet, or one with the wrong mode or owner. A start that
/// fails before the end leaves the socket of another broker where it was.
package struct UnixSocketName: Sendable {
    private let path: String
    private let temporary: String
    private let options: UnixSocketOptions

    /// - Throws: `ENAMETOOLONG` if no socket can have the path, or a name beside it.
    package init(_ path: String, options: UnixSocketOptions) throws(SystemError) {
        guard let temporary = Self.temporaryName(beside: path) else {
            throw SystemError(call: "bind", errno: ENAMETOOLONG)
        }
        self.path = path
        self.temporary = temporary
        self.options = options
    }

    /// Creates the socket, which listens at the temporary name.
    ///
    /// - Throws: the call that failed. `EADDRINUSE` if another process listens at the path, unless it is to be taken
    ///   over; `EEXIST` if something other than a socket is there.
    package func listen() throws(SystemError) -> Socket {
        if !options.takesOver { try Self.requireNoListener(at: path) }
        if Self.isOccupied(path) { throw SystemError(call: "bind", errno: EEXIST) }
        let bound = try Socket.bound(to: .unix(path: temporary))
        do throws(SystemError) {
            try setAccess()
            try bound.listen(options.backlog)
        } catch {
            unlink(temporary)
            throw error
        }
        return bound
    }

    /// Gives the socket its path. A lock on the folder makes sure that of two processes starting at once the second one
    /// finds the socket of the first.
    ///
    /// A socket that a dead process left is replaced. With ``UnixSocketOptions/takesOver`` the socket of a live process
    /// is, too, by rename(2): every client finds either the old or the new one.
    ///
    /// - Returns: the file; nil if somebody has removed it already.
    /// - Throws: as ``listen()``.
    package func publish() throws(SystemError) -> UnixSocketFile? {
        let lock = FolderLock(of: path)
        if Self.isOccupied(path) { throw SystemError(call: "bind", errno: EEXIST) }
        if options.takesOver {
            if rename(temporary, path) != 0 { throw .last("rename") }
        } else {
            try Self.removeStale(path)
            try link()
        }
        let file = UnixSocketFile(at: path)
        _ = consume lock
        return file
    }

    /// Removes the temporary name, if the socket did not get its path.
    package func discard() { unlink(temporary) }

    /// Links the socket to a path at which there must be nothing.
    private func link() throws(SystemError) {
        if Glibc.link(temporary, path) == 0 {
            unlink(temporary)
            return
        }
        if errno == EEXIST { throw SystemError(call: "bind", errno: EADDRINUSE) }
        // A file system without hard links.
        if rename(temporary, path) != 0 { throw .last("rename") }
    }

    /// The longest temporary name, without the folder.
    private static let maxTemporaryBytes = 8

    /// A hidden name in the folder of `path`; nil if the path or every such name is too long.
    private static func temporaryName(beside path: String) -> String? {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        let room = min(maxTemporaryBytes, SocketAddress.maxPathBytes - folder.utf8.count)
        guard path.utf8.count <= SocketAddress.maxPathBytes, room > 1 else { return nil }
        let digits = String(UInt64.random(in: 0 ... .max), radix: 36)
        return "\(folder).\(digits.suffix(room - 1))"
    }

    private func setAccess() throws(SystemError) {
        if let owner = options.owner, lchown(temporary, owner.user ?? .max, owner.group ?? .max) != 0 {
            throw .last("chown")
        }
        if chmod(temporary, options.mode) != 0 { throw .last("chmod") }
    }

    // MARK: What is at the path

    /// Whether something other than a socket is at the path.
    private static func isOccupied(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && UnixSocketFile(at: path) == nil
    }

    /// - Throws: `EADDRINUSE` if a process listens at the path: a socket without one refuses connections (connect(2)).
    private static func requireNoListener(at path: String) throws(SystemError) {
        guard UnixSocketFile(at: path) != nil else { return }
        var outcome = Socket.Connecting.inProgress
        let probe = try Socket.connecting(to: .unix(path: path), outcome: &outcome)
        let isFree = [ECONNREFUSED, ENOENT].contains { outcome == .failed(errno: $0) }
        guard isFree else { throw SystemError(call: "bind", errno: EADDRINUSE) }
        _ = consume probe
    }

    /// Removes the socket at the path if no process listens on it.
    private static func removeStale(_ path: String) throws(SystemError) {
        guard let file = UnixSocketFile(at: path) else { return }
        try requireNoListener(at: path)
        file.removeWithoutLock()
    }
}
