internal import Glibc

/// Who runs a command, for records that people read.
enum Operator {
    /// `user@host`; what cannot be found out is `?`.
    static var name: String {
        let user =
            CommandEnvironment.variables["USER"] ?? getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) }
        var host = [CChar](repeating: 0, count: 256)
        // One byte less, so that the text ends where the name fills all of it.
        let found = gethostname(&host, host.count - 1) == 0
        let bytes = host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(Table.clean(user ?? "?"))@\(found ? String(decoding: bytes, as: UTF8.self) : "?")"
    }
}
