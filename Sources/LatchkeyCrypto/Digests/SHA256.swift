internal import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        Digest { latchkey_sha256(bytes.baseAddress, bytes.count, $0) }
    }

    package static func hash(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { hash($0) } }

    package static func hash(_ text: String) -> Digest { hash(Array(text.utf8)) }
}
