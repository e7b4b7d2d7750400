internal import COpenSSL
internal import LatchkeyCore

/// Random bytes from libcrypto's generator, for keys and identifiers.
package enum Random {
    /// `count` random bytes. Ends the process if the generator has no entropy, because a guessable key must not be
    /// used.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBufferPointer { RAND_bytes($0.baseAddress, Int32($0.count)) }
        precondition(result == 1, "the system's random number generator failed")
        return bytes
    }

    /// A random UUID, version 4 (RFC 9562 §5.4), in lower case.
    package static func uuid() -> String {
        var bytes = bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Hex.encode(bytes)
        let boundaries = [0, 8, 12, 16, 20, 32]
        return zip(boundaries, boundaries.dropFirst()).map { from, to in
            String(hex.dropFirst(from).prefix(to - from))
        }.joined(separator: "-")
    }
}
