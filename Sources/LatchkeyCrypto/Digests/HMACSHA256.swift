internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104).
package enum HMACSHA256 {
    package static func authenticate(_ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Digest {
        Digest { latchkey_hmac_sha256(key.baseAddress, key.count, message.baseAddress, message.count, $0) }
    }

    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> Digest {
        message.withUnsafeBytes { message in key.withUnsafeBytes { authenticate(message, key: $0) } }
    }
}
