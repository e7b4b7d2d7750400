internal import Glibc

extension DurableFile {
    /// Removes the temporary files that writers of `path` left behind when they were killed. A writer that is at work
    /// loses its file and fails with ENOENT.
    package static func removeLeftovers(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard let entries = opendir(folder) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if isLeftover(found, of: name) { unlink(folder + found) }
        }
    }

    /// Whether a file's name is that of a temporary file for the file `name` in the same folder.
    package static func isLeftover(_ found: String, of name: String) -> Bool {
        guard found.hasPrefix("\(name)."), found.hasSuffix(".part") else { return false }
        let digits = found.utf8.dropFirst(name.utf8.count + 1).dropLast(".part".utf8.count)
        return digits.count == 8 && digits.allSatisfy { Hex.value($0) != nil }
    }
}
