internal import LatchkeyCrypto

/// The signing keys of the signatures that one worker has verified, so that they need not be derived for each request.
///
/// A key belongs to one secret, day, region and service. It is in locked memory, and overwritten when it is dropped. There is
/// place for ``maxKeys``; a further key takes the place of the oldest. With more in use, keys are derived again. The worker drops
/// all before its next request when keys or callers change.
///
/// A class that is confined to the thread of its worker.
package final class SigningKeys {
    package static let maxKeys = 256
    /// The keys of longer scopes, in bytes, are not remembered. A caller chooses the region, and names of regions are short.
    package static let maxScopeBytes = 128

    private struct Entry {
        /// Kept, so that no other secret gets its address.
        let secret: Secret
        let scope: [UInt8]
        let key: Secret
    }

    private var entries: [Entry] = []
    /// The place that the next key takes.
    private var next = 0

    package init() {}

    /// The number of keys.
    package var count: Int { entries.count }

    /// The key of a secret and the text of a scope; nil if it is not remembered.
    func key(_ secret: Secret, scope: UnsafeRawBufferPointer) -> Secret? {
        entries.first { $0.secret === secret && $0.scope.count == scope.count && $0.scope.elementsEqual(scope) }?.key
    }

    /// Remembers a key with which a signature was verified. Anybody can claim a scope, so no other key may take a place.
    func insert(_ key: Secret, of secret: Secret, scope: UnsafeRawBufferPointer) {
        guard scope.count <= Self.maxScopeBytes else { return }
        let entry = Entry(secret: secret, scope: Array(scope), key: key)
        if entries.count < Self.maxKeys { entries.append(entry) } else { entries[next] = entry }
        next = (next + 1) % Self.maxKeys
    }

    /// Drops all keys.
    package func removeAll() {
        entries = []
        next = 0
    }
}
