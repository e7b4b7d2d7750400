internal import COpenSSL

/// Bytes that must not leak. They cannot be printed, logged or interpolated, and are erased when released.
///
/// The bytes are in a slot of the ``SecretArena``, which is never moved, left out of core dumps, locked as far as the limit
/// allows, and overwritten before it is used again. They are read only through ``withBytes(_:)``, ``reveal()`` and
/// ``revealText()``, so that a search for these names finds every place that uses a secret's bytes.
package final class Secret: Sendable {
    private let slot: SecretArena.Slot
    /// Length in bytes.
    package let count: Int

    /// Written only in `init` and `deinit`, when no other thread has a reference.
    private var storage: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: slot.bytes.baseAddress, count: count)
    }

    /// Copies `bytes`. Erasing the original is up to the caller.
    package init(_ bytes: some Collection<UInt8>) {
        count = bytes.count
        slot = SecretArena.shared.allocate(count)
        storage.copyBytes(from: bytes)
    }

    /// The UTF-8 bytes of `text`.
    package convenience init(_ text: String) { self.init(text.utf8) }

    deinit { SecretArena.shared.release(slot) }

    package var isEmpty: Bool { count == 0 }

    /// Calls `body` with the bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(storage))
    }

    /// Whether the bytes are these. The time depends only on the two lengths.
    package func constantTimeEquals(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count == storage.count && latchkey_equal(storage.baseAddress, bytes.baseAddress, bytes.count) != 0
    }

    /// A copy of the bytes, which is not erased when released.
    package func reveal() -> [UInt8] { [UInt8](storage) }

    /// A copy as text, which is not erased when released; nil if the bytes are not UTF-8.
    package func revealText() -> String? { String(validating: storage, as: UTF8.self) }

    /// Whether `digest` is the SHA-256 of the bytes.
    package func hasDigest(_ digest: Digest) -> Bool {
        SHA256.hash(UnsafeRawBufferPointer(storage)).constantTimeEquals(digest)
    }
}

extension Secret: Equatable {
    /// The time depends only on the two lengths.
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { left in
            right.withBytes { right in
                guard left.count == right.count else { return false }
                guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return true }
                return CRYPTO_memcmp(leftBase, rightBase, left.count) == 0
            }
        }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<secret>`.
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension DefaultStringInterpolation {
    /// Makes interpolating a secret a compile error.
    @available(*, unavailable, message: "a secret must not be interpolated")
    package mutating func appendInterpolation(_ secret: Secret) {}
}
