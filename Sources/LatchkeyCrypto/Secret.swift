internal import COpenSSL

/// Bytes that must not leak: they cannot be printed, logged or interpolated, and are wiped when dropped.
///
/// The bytes live in one allocation of their own, never moved or copied by growth, overwritten with
/// `OPENSSL_cleanse` before it is freed. Reading them takes a named call (``withBytes(_:)``, ``reveal()``),
/// so every place where a secret leaves its box can be found by searching for those two names.
///
/// Unchecked, since the compiler takes no raw pointer for Sendable. The bytes behind this one are written in `init` and
/// `deinit` alone, when no other thread has a reference, and are only read in between.
package final class Secret: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// Copies `bytes` into a box of their own. The caller's copy is the caller's to wipe.
    package init(_ bytes: some Collection<UInt8>) {
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyBytes(from: bytes)
    }

    /// The UTF-8 bytes of `text`.
    package convenience init(_ text: String) { self.init(text.utf8) }

    deinit {
        if let base = storage.baseAddress { OPENSSL_cleanse(base, storage.count) }
        storage.deallocate()
    }

    /// Length in bytes.
    package var count: Int { storage.count }

    package var isEmpty: Bool { storage.isEmpty }

    /// Lends the bytes for the length of the call.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(storage))
    }

    /// A plain copy of the bytes, for handing to something that needs an array. Nothing wipes the copy.
    package func reveal() -> [UInt8] { [UInt8](storage) }

    /// A plain copy as text, or nil where the bytes are not UTF-8. Nothing wipes the copy.
    package func revealText() -> String? { String(validating: storage, as: UTF8.self) }

    /// Whether its SHA-256 is `digest`.
    package func hasDigest(_ digest: Digest) -> Bool {
        SHA256.hash(UnsafeRawBufferPointer(storage)).constantTimeEquals(digest)
    }

    /// The first 8 hex digits of SHA-256, to tell two secrets apart in a log without showing either.
    ///
    /// For high-entropy values only (tokens): a guessable value could be found by trying guesses.
    package var fingerprint: String { String(SHA256.hash(UnsafeRawBufferPointer(storage)).hex.prefix(8)) }
}

extension Secret: Equatable {
    /// Compares in time that depends on the lengths alone.
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { leftBytes in right.withBytes { constantTimeEqual(leftBytes, $0) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<secret>`.
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension DefaultStringInterpolation {
    /// Interpolating a secret does not compile.
    @available(*, unavailable, message: "a secret must not be interpolated")
    package mutating func appendInterpolation(_ secret: Secret) {}
}
