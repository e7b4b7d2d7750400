internal import LatchkeyCore

extension SmallFile {
    /// Reads a file that an option names.
    static func required(_ path: String) throws -> [UInt8] {
        do throws(FileError) {
            return try content(path)
        } catch {
            throw CommandFailure(.usage, "cannot read \(path): \(error)")
        }
    }
}
