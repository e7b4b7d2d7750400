internal import Glibc
internal import LatchkeyCore

/// Reads the lines of a file with bounded memory.
package enum AuditLineReader {
    private static let chunkBytes = 1 << 18

    /// Calls `body` for each line, without its line feed.
    ///
    /// A line over ``AuditLimits/maxLineBytes`` is cut to one byte more.
    /// - Parameter body: gets the line and its number, counted from 1.
    /// - Returns: the number of the last line, if it has no line feed. `body` has not been called for it.
    package static func read(
        _ path: String, _ body: (ArraySlice<UInt8>, Int) throws -> Void
    ) throws -> (number: Int, bytes: [UInt8])? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError(errno: errno) }
        let file = OwnedDescriptor(descriptor)
        var (rest, number) = ([UInt8](), 1)
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        while true {
            let count = Glibc.read(file.number, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(errno: errno) }
            if count == 0 { break }
            var start = 0
            while let end = lineFeed(chunk, start, count) {
                if rest.isEmpty {
                    try body(cut(chunk[start..<end]), number)
                } else {
                    keep(chunk[start..<end], &rest)
                    try body(rest[...], number)
                    rest.removeAll(keepingCapacity: true)
                }
                number += 1
                start = end + 1
            }
            keep(chunk[start..<count], &rest)
        }
        return rest.isEmpty ? nil : (number, rest)
    }

    private static func lineFeed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard start < end, let base = buffer.baseAddress,
                let found = memchr(base + start, 0x0A, end - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private static func cut(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.prefix(AuditLimits.maxLineBytes + 1)
    }

    private static func keep(_ bytes: ArraySlice<UInt8>, _ rest: inout [UInt8]) {
        rest += bytes.prefix(max(0, AuditLimits.maxLineBytes + 1 - rest.count))
    }
}
