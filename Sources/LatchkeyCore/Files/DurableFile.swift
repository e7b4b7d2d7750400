internal import Glibc

/// Writes files atomically and durably, readable only by their owner.
package enum DurableFile {
    /// A system call failed.
    package struct Failure: Error {
        /// The errno.
        package let code: Int32

        package init(code: Int32) { self.code = code }
    }

    /// Writes a file of mode 0600 in one step: to a temporary file beside it, synced and renamed, and then syncs the
    /// folder (open(2), rename(2), fsync(2)).
    ///
    /// - Parameter keepsOwner: whether the file gets owner, group and mode of the file that it replaces.
    package static func write(
        _ bytes: UnsafeRawBufferPointer, to path: String, keepsOwner: Bool = false
    ) throws(Failure) {
        let temporary = "\(path).\(Hex8.random).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        do throws(Failure) {
            defer { close(descriptor) }
            if keepsOwner { try takeOwner(of: path, descriptor) }
            try append(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw Failure(code: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let failure = Failure(code: errno)
            unlink(temporary)
            throw failure
        }
        try syncFolder(of: path)
    }

    /// Gives an open file owner, group and mode of the file at a path.
    private static func takeOwner(of path: String, _ descriptor: Int32) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0, fchown(descriptor, status.st_uid, status.st_gid) == 0,
            fchmod(descriptor, status.st_mode & 0o777) == 0
        else { throw Failure(code: errno) }
    }

    package static func write(_ bytes: [UInt8], to path: String, keepsOwner: Bool = false) throws(Failure) {
        // A closure's error type is not inferred from a typed throw, so the closure returns a result.
        let outcome = bytes.withUnsafeBytes { buffer in
            Result { () throws(Failure) in try write(buffer, to: path, keepsOwner: keepsOwner) }
        }
        try outcome.get()
    }

    /// Removes a file, if it exists, durably.
    package static func remove(_ path: String) throws(Failure) {
        guard unlink(path) == 0 else {
            guard errno == ENOENT else { throw Failure(code: errno) }
            return
        }
        try syncFolder(of: path)
    }

    /// Writes all bytes at the descriptor's position.
    package static func append(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
    }

    /// Makes a change of the folder's entries durable.
    package static func syncFolder(of path: String) throws(Failure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(code: errno) }
    }

    /// A file's bytes; nil if it cannot be read or is larger than `maxBytes` bytes.
    package static func read(_ path: String, maxBytes: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, maxBytes: maxBytes)
    }

    /// The bytes from the descriptor's position to the end; nil if they cannot be read or are more than `maxBytes`.
    package static func read(_ descriptor: Int32, maxBytes: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= maxBytes {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes += chunk[..<count]
        }
        return nil
    }
}

/// Eight random hexadecimal digits, for temporary names.
private enum Hex8 {
    static var random: String {
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
