internal import Glibc

/// Overwrites bytes that may be a secret, in a way that the compiler does not leave out (explicit_bzero(3)).
package enum Wiping {
    package static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }

    /// Overwrites the bytes of `array` and removes them.
    package static func removeAll(_ array: inout [UInt8], keepingCapacity: Bool) {
        array.withUnsafeMutableBytes { wipe($0) }
        array.removeAll(keepingCapacity: keepingCapacity)
    }
}
