internal import COpenSSL
internal import LatchkeyCore

/// A 32-byte digest, held inline.
package struct Digest: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Lets `fill` write the 32 bytes.
    init(filling fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        withUnsafeMutableBytes(of: &words) { buffer in
            guard let base = buffer.baseAddress else { return }
            fill(base.assumingMemoryBound(to: UInt8.self))
        }
    }

    /// The digest written as 64 hex digits, or nil when `hex` is not that.
    package init?(hex: String) {
        guard let bytes = Hex.decode(hex), bytes.count == 32 else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// Lends the 32 bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words) { try body($0) }
    }

    package var bytes: [UInt8] { withBytes { [UInt8]($0) } }

    /// 64 lower-case hex digits.
    package var hex: String { withBytes { Hex.encode($0) } }

    /// Equal without telling by its timing where the two differ.
    package func constantTimeEquals(_ other: Digest) -> Bool {
        (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2) | (words.3 ^ other.words.3)
            == 0
    }

    package static func == (left: Self, right: Self) -> Bool { left.constantTimeEquals(right) }

    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// SHA-256 (FIPS 180-4) from libcrypto.
package enum SHA256 {
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        Digest { latchkey_sha256(bytes.baseAddress, bytes.count, $0) }
    }

    package static func hash(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { hash($0) } }

    package static func hash(_ text: String) -> Digest { hash(Array(text.utf8)) }
}

/// SHA-1 (FIPS 180-4) from libcrypto: for names that others have made of it, and for nothing that is to be secure.
package enum SHA1 {
    /// 40 lower-case hex digits.
    package static func hash(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        bytes.withUnsafeBytes { latchkey_sha1($0.baseAddress, $0.count, &digest) }
        return digest.withUnsafeBytes { Hex.encode($0) }
    }
}

/// HMAC-SHA-256 (RFC 2104) from libcrypto.
package enum HMACSHA256 {
    package static func authenticate(_ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Digest {
        // A zero-length key must still be a non-null pointer for HMAC().
        withUnsafeBytes(of: UInt8(0)) { placeholder in
            Digest {
                var length: UInt32 = 0
                _ = HMAC(
                    EVP_sha256(), key.baseAddress ?? placeholder.baseAddress, Int32(key.count),
                    message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count, $0, &length)
            }
        }
    }

    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> Digest {
        message.withUnsafeBytes { message in key.withUnsafeBytes { authenticate(message, key: $0) } }
    }
}

/// Equal, in time that depends on the two lengths alone.
package func constantTimeEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return true }
    return CRYPTO_memcmp(leftBase, rightBase, left.count) == 0
}

/// Random bytes from libcrypto's generator, fit for keys and identifiers.
package enum Random {
    /// `count` random bytes. Ends the process when the generator has no entropy: nothing may go on with a guessable key.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = bytes.withUnsafeMutableBufferPointer { RAND_bytes($0.baseAddress, Int32($0.count)) }
        precondition(done == 1, "the system's random number generator failed")
        return bytes
    }

    /// A random UUID, version 4 (RFC 9562 §5.4), lower case.
    package static func uuid() -> String {
        var bytes = bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Hex.encode(bytes)
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { from, to in
            String(hex.dropFirst(from).prefix(to - from))
        }.joined(separator: "-")
    }
}
