internal import COpenSSL
internal import LatchkeyCore

/// SHA-1 (FIPS 180-4). Only for names that other programs derive with it, never for security.
package enum SHA1 {
    /// 40 lower-case hexadecimal digits.
    package static func hash(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        bytes.withUnsafeBytes { latchkey_sha1($0.baseAddress, $0.count, &digest) }
        return digest.withUnsafeBytes { Hex.encode($0) }
    }
}
