internal import Glibc
package import LatchkeyCore

/// The data files of `Tests/Fixtures`.
package enum Fixture {
    /// A fixture's bytes.
    ///
    /// - Parameter path: relative to `Tests/Fixtures`, or absolute.
    package static func bytes(_ path: String, from source: String = #filePath) throws -> [UInt8] {
        let full = path.hasPrefix("/") ? path : "\(folder(of: source))/\(path)"
        guard let file = fopen(full, "r") else { throw Missing(path: full) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    /// A fixture that is a JSON text.
    package static func json(_ path: String) throws -> JSON { try JSON(parsing: bytes(path)) }

    /// The names of the files in a folder of `Tests/Fixtures`, sorted.
    package static func names(in path: String, from source: String = #filePath) throws -> [String] {
        guard let folder = opendir("\(folder(of: source))/\(path)") else { throw Missing(path: path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// `Tests/Fixtures`, for a source file at any depth below `Tests`.
    private static func folder(of source: String) -> String {
        let parts = source.split(separator: "/", omittingEmptySubsequences: false)
        let tests = parts.lastIndex(of: "Tests") ?? parts.startIndex
        return (parts[...tests] + ["Fixtures"]).joined(separator: "/")
    }

    /// The fixture does not exist.
    package struct Missing: Error { package let path: String }
}
