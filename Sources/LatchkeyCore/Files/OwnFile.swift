internal import Glibc

/// Checks and opens the files that a command writes. Anything but a regular file of this user is refused by its name
/// and left unchanged.
package enum OwnFile {
    /// What exists at a path.
    package enum Found {
        case nothing
        /// A regular file of this user that nobody else may write.
        case file(bytes: Int)
    }

    /// The absolute path, valid in any folder.
    package static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    /// Checks a path without following a symbolic link (lstat(2)).
    package static func inspect(at path: String) throws(OwnFileError) -> Found {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw OwnFileError("cannot use \(path): \(reason(errno))") }
            try requireFolder(of: path)
            return .nothing
        }
        try require(status, path)
        return .file(bytes: Int(clamping: status.st_size))
    }

    /// Opens an existing file for reading and appending, without following a symbolic link.
    ///
    /// - Returns: the descriptor; nil if the file does not exist.
    package static func open(_ path: String) throws(OwnFileError) -> OwnedDescriptor? {
        let descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            // The check explains the problem better than the errno.
            guard case .nothing = try inspect(at: path) else {
                throw OwnFileError("cannot write \(path): \(reason(code))")
            }
            return nil
        }
        let owned = OwnedDescriptor(descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw OwnFileError("cannot use \(path): \(reason(errno))")
        }
        try require(status, path)
        return owned
    }

    /// Creates a new file of mode 0600.
    package static func create(_ path: String) throws(OwnFileError) -> OwnedDescriptor {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else {
            let why = errno == EEXIST ? "another process has just made it" : reason(errno)
            throw OwnFileError("cannot write \(path): \(why)")
        }
        return OwnedDescriptor(descriptor)
    }

    private static func require(_ status: stat, _ path: String) throws(OwnFileError) {
        if let what = kind(status.st_mode) {
            throw OwnFileError("\(path) is \(what) and was not changed: name another file")
        }
        guard status.st_uid == geteuid() else {
            throw OwnFileError("\(path) belongs to another user and was not changed: name another file")
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw OwnFileError(
                "others can write \(path), so it is not used: chmod 600 \(path), or name another file")
        }
    }

    /// The kind of a file that is not regular, in words.
    private static func kind(_ mode: mode_t) -> String? {
        switch mode & S_IFMT {
        case S_IFREG: nil
        case S_IFLNK: "a symbolic link"
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        default: "a device"
        }
    }

    /// The folder of a new file must exist and be writable.
    private static func requireFolder(of path: String) throws(OwnFileError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard faccessat(AT_FDCWD, folder.isEmpty ? "/" : folder, W_OK | X_OK, AT_EACCESS) == 0 else {
            throw OwnFileError("cannot write \(path): \(reason(errno))")
        }
    }

    package static func reason(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
