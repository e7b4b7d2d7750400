internal import Glibc

/// Why a file cannot be used. Its ``code`` and ``description`` hold nothing of what is in the file.
package enum FileFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// ENOENT, ENOTDIR.
    case absent
    /// EACCES, EPERM.
    case denied
    /// A folder, a pipe, a device or a socket.
    case notAFile
    /// More bytes than are read of such a file.
    case tooLarge(limit: Int)
    case notText
    case empty
    /// EMFILE, ENFILE.
    case noDescriptor
    /// Another error of the system, by its errno.
    case system(Int32)
    /// It was read, and its content does not do. The text says what is wrong and how to mend it.
    case unfit(String)

    /// The fault of a system call that failed with `errno`.
    package init(errno code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self = .absent
        case EACCES, EPERM: self = .denied
        case EISDIR, ENXIO: self = .notAFile
        case EMFILE, ENFILE: self = .noDescriptor
        default: self = .system(code)
        }
    }

    /// One word, for `/health`.
    package var code: String {
        switch self {
        case .absent: "absent"
        case .denied: "permission_denied"
        case .notAFile: "not_a_file"
        case .tooLarge: "too_large"
        case .notText: "not_utf8"
        case .empty: "empty"
        case .noDescriptor: "no_descriptor"
        case .system: "unreadable"
        case .unfit: "unfit"
        }
    }

    /// What is wrong and how to mend it; lower case.
    package var description: String {
        switch self {
        case .absent: "there is no such file: put it back"
        case .denied: "the permission to read it is missing: check its owner and mode, and those of its folders"
        case .notAFile: "it is not a regular file: put a file there"
        case .tooLarge(let limit): "it is larger than \(limit) bytes: check whether it is the right file"
        case .notText: "it is not UTF-8 text: check whether it is the right file"
        case .empty: "it is empty: write the value into it"
        case .noDescriptor: "no file descriptor is left: raise the limit (ulimit -n) or lower the number of connections"
        case .system(let code): "it cannot be read: \(String(cString: strerror(code)))"
        case .unfit(let why): why
        }
    }
}
