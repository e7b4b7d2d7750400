internal import LatchkeyCrypto

/// The environment of the program that `latchkey exec` becomes: what was there, and the secrets beside it. A name that
/// is set already keeps its value, even an empty one.
package struct ChildEnvironment: Sendable {
    /// What `--pristine` keeps of the environment: without these a program finds neither other programs nor its user's
    /// home, terminal, language, time zone and place for temporary files.
    package static let keptWhenPristine: Set<String> = [
        "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
    ]

    /// `NAME=value`, without the zero byte at the end. What was inherited comes first, byte for byte and in its order.
    package let entries: [[UInt8]]
    /// Secrets whose names were set already to something else, sorted. They are not in the environment.
    package let conflicts: [String]

    /// - Parameters:
    ///   - inherited: the process's own environment, entry by entry.
    ///   - isPristine: keep only ``keptWhenPristine`` of it.
    package init(inherited: [[UInt8]], adding variables: [SecretVariable], isPristine: Bool) {
        let kept = inherited.filter { entry in
            !isPristine || Self.keptWhenPristine.contains(String(decoding: Self.split(entry).name, as: UTF8.self))
        }
        var standing: [[UInt8]: ArraySlice<UInt8>] = [:]
        for entry in kept {
            // Of a name that stands there twice, getenv(3) finds the first.
            let (name, value) = Self.split(entry)
            if standing[Array(name)] == nil { standing[Array(name)] = value }
        }
        var entries = kept
        var conflicts: [String] = []
        for variable in variables {
            let name = Array(variable.name.utf8)
            guard let value = standing[name] else {
                entries.append(name + [UInt8(ascii: "=")] + variable.value.reveal())
                continue
            }
            if !variable.value.withBytes({ $0.elementsEqual(value) }) { conflicts.append(variable.name) }
        }
        self.entries = entries
        self.conflicts = conflicts.sorted()
    }

    /// What stands before and after the first `=`. An entry without one names nothing that could be asked for.
    private static func split(_ entry: [UInt8]) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        let equals = entry.firstIndex(of: UInt8(ascii: "=")) ?? entry.endIndex
        return (entry[..<equals], entry[equals...].dropFirst())
    }
}
