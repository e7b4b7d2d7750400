internal import Glibc

/// Why a file cannot be used. ``code`` and ``description`` hold nothing of the file's content.
package enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// ENOENT, ENOTDIR.
    case absent
    /// EACCES, EPERM.
    case denied
    /// The process has confined itself to other folders (`LATCHKEY_CONFINE`).
    case outsideConfinement
    /// A folder, pipe, device or socket.
    case notAFile
    /// The file has more bytes than the reader accepts.
    case tooLarge(limit: Int)
    /// The content is not UTF-8.
    case notText
    case empty
    /// EMFILE, ENFILE.
    case noDescriptor
    /// Another `errno`.
    case system(Int32)
    /// The file was read but its content is not acceptable. The text says what is wrong and how to fix it.
    case unfit(String)

    /// The error of a system call that failed with `errno`.
    package init(errno code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self = .absent
        case EACCES, EPERM: self = .denied
        case EISDIR, ENXIO: self = .notAFile
        case EMFILE, ENFILE: self = .noDescriptor
        default: self = .system(code)
        }
    }

    /// The code in `/health`.
    package var code: String {
        switch self {
        case .absent: "absent"
        case .denied: "permission_denied"
        case .outsideConfinement: "outside_confinement"
        case .notAFile: "not_a_file"
        case .tooLarge: "too_large"
        case .notText: "not_utf8"
        case .empty: "empty"
        case .noDescriptor: "no_descriptor"
        case .system: "unreadable"
        case .unfit: "unfit"
        }
    }

    /// What is wrong and how to fix it, in lower case, to follow the file's name.
    package var description: String {
        switch self {
        case .absent: "the file does not exist: restore it"
        case .denied: "permission to read the file is denied: check the owner and mode of the file and its folders"
        case .outsideConfinement:
            "the file is outside of the folders that were named at start (LATCHKEY_CONFINE): restart the broker to use it"
        case .notAFile: "it is not a regular file: replace it by a file"
        case .tooLarge(let limit): "the file is larger than \(limit) bytes: check that it is the right file"
        case .notText: "the file is not UTF-8 text: check that it is the right file"
        case .empty: "the file is empty: write the value into it"
        case .noDescriptor: "no file descriptor is left: raise the limit (ulimit -n) or lower the number of connections"
        case .system(let code): "the file cannot be read: \(String(cString: strerror(code)))"
        case .unfit(let reason): reason
        }
    }
}
