internal import Glibc

/// Files that are whole or not there, and stay so through a crash; nobody but the owner reads them.
package enum DurableFile {
    /// The file could not be written.
    package struct Failure: Error {
        /// The errno.
        package let code: Int32

        package init(code: Int32) { self.code = code }
    }

    /// Writes a file of mode 0600 under its name in one step: to a temporary name beside it, synced, renamed, and the
    /// folder synced (open(2), rename(2), fsync(2)).
    package static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(Failure) {
        let temporary = "\(path).\(Hex8.random).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        do throws(Failure) {
            defer { close(descriptor) }
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

    package static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        // A closure's error type is not inferred from a typed throw, so the outcome is carried out as a value.
        let outcome = bytes.withUnsafeBytes { buffer in
            Result { () throws(Failure) in try write(buffer, to: path) }
        }
        try outcome.get()
    }

    /// Takes a file away, where it is there, for good before it returns.
    package static func remove(_ path: String) throws(Failure) {
        guard unlink(path) == 0 else {
            guard errno == ENOENT else { throw Failure(code: errno) }
            return
        }
        try syncFolder(of: path)
    }

    /// Writes all of it at the descriptor's place.
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

    /// Makes the folder's entry durable.
    package static func syncFolder(of path: String) throws(Failure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(code: errno) }
    }

    /// All of a file; nil where it cannot be read or is longer than `longest` bytes.
    package static func read(_ path: String, longest: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, longest: longest)
    }

    /// What a descriptor has from its place on.
    package static func read(_ descriptor: Int32, longest: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= longest {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes += chunk[..<count]
        }
        return nil
    }
}

/// Eight random hexadecimal digits, for names that must not be there yet.
private enum Hex8 {
    static var random: String {
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
