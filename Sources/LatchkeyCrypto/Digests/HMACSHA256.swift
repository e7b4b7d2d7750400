internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104).
package enum HMACSHA256 {
    package static func authenticate(_ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Digest {
        // HMAC() requires a non-null pointer even for an empty key.
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
