package import LatchkeyCrypto

/// The accepted API keys, as SHA-256 digests, and the caller of each.
package struct KeyRing: Sendable {
    private let keys: [(digest: Digest, caller: Caller)]
    private let signing: [(secret: Secret, caller: Caller)]

    /// - Parameters:
    ///   - keys: may contain several keys of one caller, which allows rotation.
    ///   - signing: secrets that callers sign requests with. They are kept in the clear, because a digest cannot verify
    ///     a signature.
    package init(
        _ keys: [(digest: Digest, caller: Caller)], signing: [(secret: Secret, caller: Caller)] = []
    ) {
        self.keys = keys
        self.signing = signing
    }

    /// The keys of the default caller. Each is also a signing secret.
    package init(keys: [Secret]) {
        self.init(
            keys.map { key in (key.withBytes { SHA256.hash($0) }, .default) }, signing: keys.map { ($0, .default) })
    }

    /// One key of the default caller.
    package init(key: Secret) { self.init(keys: [key]) }

    /// The caller with that id and its signing secrets; nil if it has none.
    package func signer(named id: String) -> (caller: Caller, secrets: [Secret])? {
        let own = signing.filter { $0.caller.id == id }
        return own.first.map { ($0.caller, own.map(\.secret)) }
    }

    /// The caller whose key was presented.
    ///
    /// Every digest is compared in full, also after a match, so that the time taken reveals nothing.
    package func caller(presenting key: UnsafeRawBufferPointer) -> Caller? {
        let presented = SHA256.hash(key)
        var found: Int?
        for index in keys.indices where keys[index].digest.constantTimeEquals(presented) { found = index }
        return found.map { keys[$0].caller }
    }

    /// The caller with that id, if the presented key is one of its own.
    ///
    /// Digests are compared in constant time, as in ``caller(presenting:)``. Ids are not secret.
    package func caller(named id: String, presenting key: UnsafeRawBufferPointer) -> Caller? {
        let presented = SHA256.hash(key)
        var found: Int?
        for index in keys.indices where keys[index].digest.constantTimeEquals(presented) {
            if keys[index].caller.id == id { found = index }
        }
        return found.map { keys[$0].caller }
    }
}
