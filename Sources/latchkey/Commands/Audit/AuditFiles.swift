internal import ArgumentParser
internal import LatchkeyAudit
internal import LatchkeyCore

/// The files of an audit log, as an argument.
struct AuditFiles: ParsableArguments {
    @Argument(help: ArgumentHelp("The files of the log, the oldest first.", valueName: "file"))
    var files: [String]

    /// Calls `body` for each line of the files.
    ///
    /// - Returns: an incomplete line at the end of the last file, which may be just being written.
    static func read(
        _ files: [String], _ body: (ArraySlice<UInt8>, AuditPlace) throws -> Void
    ) throws -> AuditPlace? {
        for (index, path) in files.enumerated() {
            do {
                let rest = try AuditLineReader.read(path) { line, number in
                    try body(line, AuditPlace(file: index, path: path, line: number))
                }
                guard let rest else { continue }
                let place = AuditPlace(file: index, path: path, line: rest.number)
                if index == files.count - 1, AuditRecord(rest.bytes[...]) == nil { return place }
                try body(rest.bytes[...], place)
            } catch let error as FileError {
                throw CommandFailure(.usage, "cannot read \(path): \(error)")
            }
        }
        return nil
    }
}
