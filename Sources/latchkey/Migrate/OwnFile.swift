internal import Glibc
internal import LatchkeyCore

/// What is at a path that a command is to write. It is looked at before anything is written, and what is not this user's
/// own regular file is refused by its name and left alone.
enum OwnFile {
    /// What a look found.
    enum Found {
        case nothing
        /// A regular file of this user's that nobody else may write.
        case file(bytes: Int)
    }

    /// The path from the root, so that it is found from elsewhere.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    /// Looks at a path without following a symbolic link (lstat(2)).
    static func look(at path: String) throws(CommandFailure) -> Found {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw CommandFailure(.usage, "cannot use \(path): \(reason(errno))") }
            try requireFolder(of: path)
            return .nothing
        }
        try require(status, path)
        return .file(bytes: Int(clamping: status.st_size))
    }

    /// Opens a file that is there for reading and appending, without following a symbolic link.
    ///
    /// - Returns: the descriptor; nil where nothing is there.
    static func open(_ path: String) throws(CommandFailure) -> OwnedDescriptor? {
        let descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            // Says what is there better than an errno does.
            guard case .nothing = try look(at: path) else {
                throw CommandFailure(.usage, "cannot write \(path): \(reason(code))")
            }
            return nil
        }
        let owned = OwnedDescriptor(descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CommandFailure(.usage, "cannot use \(path): \(reason(errno))")
        }
        try require(status, path)
        return owned
    }

    /// Makes a file of mode 0600 that is not there yet.
    static func create(_ path: String) throws(CommandFailure) -> OwnedDescriptor {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else {
            let why = errno == EEXIST ? "another process has just made it" : reason(errno)
            throw CommandFailure(.usage, "cannot write \(path): \(why)")
        }
        return OwnedDescriptor(descriptor)
    }

    private static func require(_ status: stat, _ path: String) throws(CommandFailure) {
        if let what = kind(status.st_mode) {
            throw CommandFailure(.usage, "\(path) is \(what) and was left alone: name another file")
        }
        guard status.st_uid == geteuid() else {
            throw CommandFailure(.usage, "\(path) belongs to another user and was left alone: name another file")
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw CommandFailure(
                .usage, "others can write \(path), so it is not used: chmod 600 \(path), or name another file")
        }
    }

    /// What is no regular file, in words.
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

    /// The folder that a new file goes into must be there, and be writable.
    private static func requireFolder(of path: String) throws(CommandFailure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard faccessat(AT_FDCWD, folder.isEmpty ? "/" : folder, W_OK | X_OK, AT_EACCESS) == 0 else {
            throw CommandFailure(.usage, "cannot write \(path): \(reason(errno))")
        }
    }

    static func reason(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
