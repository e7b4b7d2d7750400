internal import Glibc
internal import LatchkeyCore

/// The file that `latchkey render` writes: of mode 0600, in one step, and never through a symbolic link.
struct RenderedFile: Sendable {
    let path: String
    /// The most bytes that are compared with what the file has.
    let limit: Int

    /// Removes what killed processes have left, and refuses a path that is not a regular file of this user.
    func prepare() throws(OwnFileError) {
        _ = try OwnFile.inspect(at: path)
        DurableFile.removeLeftovers(of: path)
    }

    /// Writes the file unless it has these bytes.
    ///
    /// - Returns: whether it was written.
    func write(_ bytes: [UInt8]) throws -> Bool {
        _ = try OwnFile.inspect(at: path)
        if try holds(bytes) { return false }
        do throws(DurableFile.Failure) {
            do throws(DurableFile.Failure) {
                try DurableFile.write(bytes, to: path)
            } catch  where error.code == ENOENT {
                // Another process for the same file has just started, and took the temporary file for a leftover.
                try DurableFile.write(bytes, to: path)
            }
        } catch {
            throw CommandFailure(.failed, "cannot write \(path): \(OwnFile.reason(error.code))")
        }
        return true
    }

    /// Whether the file exists with exactly these bytes and mode 0600.
    private func holds(_ bytes: [UInt8]) throws(OwnFileError) -> Bool {
        guard let file = try OwnFile.open(path) else { return false }
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_mode & 0o777 == 0o600, Int(status.st_size) == bytes.count
        else { return false }
        guard var found = DurableFile.read(file.number, maxBytes: limit) else { return false }
        defer { Wiping.removeAll(&found, keepingCapacity: false) }
        return found == bytes
    }
}
