internal import CZlib

/// Compresses bodies with gzip (RFC 1952).
package enum Deflater {
    /// `bytes` compressed at the fastest level of zlib, or nil when zlib cannot allocate memory.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard latchkey_deflate_gzip_init(&stream, 1) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(clamping: source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(clamping: buffer.count)
                status = deflate(&stream, Z_FINISH)
            }
            count = bound - Int(stream.avail_out)
        }
        return status == Z_STREAM_END ? output : nil
    }
}
