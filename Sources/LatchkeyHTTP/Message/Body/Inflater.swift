internal import CZlib
internal import LatchkeyCore

/// Decompresses gzip (RFC 1952) up to a limit, because a few kilobytes can expand to gigabytes.
package enum Inflater {
    package enum InflateError: Error, Hashable, Sendable {
        /// Not gzip, truncated, damaged, or followed by other bytes.
        case malformed
        case tooLarge
    }

    /// The content of one gzip member.
    ///
    /// - Parameter limit: the maximum size of the content in bytes; decompression stops there.
    package static func gunzip(_ bytes: [UInt8], limit: Int) throws(InflateError) -> [UInt8] {
        var stream = z_stream()
        guard latchkey_inflate_gzip_init(&stream) == Z_OK else { throw .malformed }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var input = bytes
        let outcome = input.withUnsafeMutableBufferPointer { source -> InflateError? in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(clamping: source.count)
            return inflate(&stream, into: &output, limit: limit)
        }
        if let outcome { throw outcome }
        return output
    }

    private static func inflate(_ stream: inout z_stream, into output: inout [UInt8], limit: Int) -> InflateError? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32 * 1024) { chunk in
            defer { Wiping.wipe(UnsafeMutableRawBufferPointer(chunk)) }
            var status = Z_OK
            while status == Z_OK {
                stream.next_out = chunk.baseAddress
                stream.avail_out = UInt32(chunk.count)
                status = CZlib.inflate(&stream, Z_NO_FLUSH)
                guard status == Z_OK || status == Z_STREAM_END else { return .malformed }
                let produced = chunk.count - Int(stream.avail_out)
                if output.count + produced > limit { return .tooLarge }
                output.append(contentsOf: chunk[..<produced])
            }
            // Bytes after the member do not belong to the response.
            return stream.avail_in == 0 ? nil : .malformed
        }
    }
}
