internal import Glibc
package import LatchkeyCore
internal import Synchronization

/// The open file of the audit log. All chains of a process append to it.
package final class AuditFile: Sendable {
    /// What a write has done.
    package struct Outcome: Hashable, Sendable {
        /// Bytes that are in the file.
        package var count: Int
        /// The errno of the call that failed; nil if all is written and, if asked for, synced.
        package var error: Int32?

        package init(count: Int, error: Int32? = nil) {
            self.count = count
            self.error = error
        }
    }

    /// A file that was opened.
    struct Opened: Sendable {
        let descriptor: OwnedDescriptor
        /// The incomplete line at its end; empty for none.
        let tornEnd: [UInt8]
    }

    package let target: AuditTarget
    private let isSynced: Bool
    /// Only `stderr` may be a pipe, and it is never opened again.
    private let isPipe: Bool
    private let descriptor: Mutex<OwnedDescriptor>

    /// Takes an open descriptor.
    package init(_ target: AuditTarget, _ descriptor: OwnedDescriptor, isSynced: Bool) {
        self.target = target
        self.isSynced = isSynced
        isPipe = Self.isPipe(descriptor.number)
        self.descriptor = Mutex(descriptor)
    }

    /// Opens the target, and creates the file if there is none.
    ///
    /// - Parameters:
    ///   - isSynced: whether each write is followed by fsync(2).
    ///   - tornEnd: gets the incomplete line at the end of the file.
    package convenience init(_ target: AuditTarget, isSynced: Bool, tornEnd: inout [UInt8]) throws(FileError) {
        let opened = try Self.open(target)
        tornEnd = opened.tornEnd
        self.init(target, opened.descriptor, isSynced: isSynced)
    }

    // MARK: Writing

    /// Appends `bytes` with one call of write(2), and with further ones if the kernel takes only a part.
    package func write(_ bytes: [UInt8]) -> Outcome {
        let file = self.descriptor.withLock { $0 }
        let outcome = bytes.withUnsafeBytes { append($0, to: file.number) }
        guard outcome.error == nil, isSynced, fdatasync(file.number) != 0 else { return outcome }
        // A pipe or terminal cannot be synced.
        return errno == EINVAL || errno == EROFS ? outcome : Outcome(count: outcome.count, error: errno)
    }

    private func append(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Outcome {
        let end = isPipe ? MonotonicTime.current + AuditLimits.pipeTimeout : .distantFuture
        var done = 0
        while done < bytes.count {
            if isPipe, let error = Self.wait(descriptor, until: end) { return Outcome(count: done, error: error) }
            let size = isPipe ? Self.pipeChunk(bytes[done...]) : bytes.count - done
            let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), size)
            if count > 0 {
                done += count
            } else if errno != EINTR, errno != EAGAIN || !isPipe {
                return Outcome(count: done, error: count == 0 ? EIO : errno)
            }
        }
        return Outcome(count: done)
    }

    /// The bytes that a pipe which is ready takes without waiting and in one piece (pipe(7)): as many whole lines as fit.
    private static func pipeChunk(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        let most = bytes.prefix(Int(PIPE_BUF))
        return most.count == bytes.count
            ? most.count : most.lastIndex(of: 0x0A).map { $0 + 1 - bytes.startIndex } ?? most.count
    }

    /// Waits until a pipe has room.
    private static func wait(_ descriptor: Int32, until end: MonotonicTime) -> Int32? {
        while true {
            let left = (end - .current).clampedNanoseconds / 1_000_000
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let count = poll(&entry, 1, Int32(clamping: max(0, left)))
            if count > 0 { return nil }
            if count < 0, errno == EINTR { continue }
            return count == 0 ? EAGAIN : errno
        }
    }

    private static func isPipe(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
    }

    // MARK: Opening

    /// Opens the path again if another file is there now, or none.
    ///
    /// - Parameter isAsked: also if it is the same file.
    /// - Returns: the incomplete line at the end of the new file; nil if nothing was opened.
    /// - Throws: why it cannot be opened. The file before stays in use.
    package func reopen(isAsked: Bool) throws(FileError) -> [UInt8]? {
        guard case .file(let path) = target else { return nil }
        let current = self.descriptor.withLock { $0 }
        if !isAsked, Self.isSame(current.number, path) { return nil }
        let opened = try Self.open(target)
        self.descriptor.withLock { $0 = opened.descriptor }
        return Self.isSame(current.number, opened.descriptor.number) ? nil : opened.tornEnd
    }

    static func open(_ target: AuditTarget) throws(FileError) -> Opened {
        guard case .file(let path) = target else {
            let copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else { throw FileError(errno: errno) }
            return Opened(descriptor: OwnedDescriptor(copy), tornEnd: [])
        }
        let flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let number = Glibc.open(path, flags, 0o600)
        guard number >= 0 else {
            throw errno == ELOOP ? .unfit("it is a symbolic link, which is not followed") : FileError(errno: errno)
        }
        let descriptor = OwnedDescriptor(number)
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FileError(errno: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFCHR: return Opened(descriptor: descriptor, tornEnd: [])
        default: throw .notAFile
        }
        guard status.st_uid == geteuid() else { throw .unfit("it belongs to another user") }
        guard status.st_mode & 0o077 == 0 || fchmod(number, 0o600) == 0 else { throw FileError(errno: errno) }
        return Opened(descriptor: descriptor, tornEnd: tornEnd(number, size: Int(clamping: status.st_size)))
    }

    /// The bytes after the last line feed, at most ``AuditLimits/maxLineBytes``.
    private static func tornEnd(_ descriptor: Int32, size: Int) -> [UInt8] {
        let length = min(size, AuditLimits.maxLineBytes)
        var bytes = [UInt8](repeating: 0, count: length)
        let count = pread(descriptor, &bytes, length, off_t(size - length))
        guard count > 0 else { return [] }
        let start = bytes[..<count].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Array(bytes[start..<count])
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var (own, other) = (stat(), stat())
        guard fstat(descriptor, &own) == 0, lstat(path, &other) == 0 else { return false }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    private static func isSame(_ left: Int32, _ right: Int32) -> Bool {
        var (own, other) = (stat(), stat())
        guard fstat(left, &own) == 0, fstat(right, &other) == 0 else { return false }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }
}
