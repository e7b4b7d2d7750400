internal import Glibc

/// The user who runs a command, for the journal.
enum Operator {
    /// `user@host`; an unknown part is `?`.
    static var name: String {
        let user =
            CommandEnvironment.variables["USER"] ?? getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) }
        var host = [CChar](repeating: 0, count: 256)
        // The last byte stays 0, in case the name fills the buffer.
        let found = gethostname(&host, host.count - 1) == 0
        let bytes = host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(Table.clean(user ?? "?"))@\(found ? String(decoding: bytes, as: UTF8.self) : "?")"
    }
}
