internal import LatchkeyCrypto

/// The environment of the program that `latchkey exec` runs: the inherited one and the secrets. A variable that is
/// already set keeps its value, even an empty one.
package struct ChildEnvironment: Sendable {
    /// The variables that `--pristine` keeps: programs need them to find other programs, the home directory, terminal,
    /// language, time zone and temporary folder.
    package static let keptWhenPristine: Set<String> = [
        "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
    ]

    /// `NAME=value` each, without the NUL at the end. Inherited entries come first, unchanged and in their order.
    package let entries: [[UInt8]]
    /// Sorted names of secrets that are missing here, because a variable with another value was already set.
    package let conflicts: [String]

    /// - Parameters:
    ///   - inherited: the process's own environment.
    ///   - isPristine: whether to keep only ``keptWhenPristine`` of it.
    package init(inherited: [[UInt8]], adding variables: [SecretVariable], isPristine: Bool) {
        let kept = inherited.filter { entry in
            !isPristine || Self.keptWhenPristine.contains(String(decoding: Self.split(entry).name, as: UTF8.self))
        }
        var existing: [[UInt8]: ArraySlice<UInt8>] = [:]
        for entry in kept {
            // For a repeated name, getenv(3) finds the first entry.
            let (name, value) = Self.split(entry)
            if existing[Array(name)] == nil { existing[Array(name)] = value }
        }
        var entries = kept
        var conflicts: [String] = []
        for variable in variables {
            let name = Array(variable.name.utf8)
            guard let value = existing[name] else {
                entries.append(name + [UInt8(ascii: "=")] + variable.value.reveal())
                continue
            }
            if !variable.value.withBytes({ $0.elementsEqual(value) }) { conflicts.append(variable.name) }
        }
        self.entries = entries
        self.conflicts = conflicts.sorted()
    }

    /// The parts before and after the first `=`. An entry without one has no name.
    private static func split(_ entry: [UInt8]) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        let equals = entry.firstIndex(of: UInt8(ascii: "=")) ?? entry.endIndex
        return (entry[..<equals], entry[equals...].dropFirst())
    }
}
