package import LatchkeyCrypto

/// What a caller may do.
package struct Scopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let token = Scopes(rawValue: 1)
    package static let secrets = Scopes(rawValue: 2)
    package static let metrics = Scopes(rawValue: 4)
    package static let admin = Scopes(rawValue: 8)
    package static let all: Scopes = [.token, .secrets, .metrics, .admin]
}

/// Somebody with a key.
package struct Caller: Hashable, Sendable {
    package let id: String
    package let scopes: Scopes

    package init(id: String, scopes: Scopes) {
        self.id = id
        self.scopes = scopes
    }

    /// The holder of `LATCHKEY_API_KEY`.
    package static let `default` = Caller(id: "default", scopes: .all)
}

/// The live keys, as SHA-256 digests, and whose they are.
package struct KeyRing: Sendable {
    private let keys: [(digest: Digest, caller: Caller)]
    private let signing: [(secret: Secret, caller: Caller)]

    /// - Parameters:
    ///   - keys: may name a caller more than once: two live keys allow rotation.
    ///   - signing: secrets that callers sign requests with. A digest cannot verify a signature, so these are kept as
    ///     they are.
    package init(
        _ keys: [(digest: Digest, caller: Caller)], signing: [(secret: Secret, caller: Caller)] = []
    ) {
        self.keys = keys
        self.signing = signing
    }

    /// The default caller's keys, each good for signing too.
    package init(keys: [Secret]) {
        self.init(
            keys.map { key in (key.withBytes { SHA256.hash($0) }, .default) }, signing: keys.map { ($0, .default) })
    }

    /// One key, the default caller's.
    package init(key: Secret) { self.init(keys: [key]) }

    /// The caller of that id and the secrets its requests may be signed with; nil where it has none.
    package func signer(named id: String) -> (caller: Caller, secrets: [Secret])? {
        let own = signing.filter { $0.caller.id == id }
        return own.first.map { ($0.caller, own.map(\.secret)) }
    }

    /// Whose key this is. Every digest is compared whole, whatever matched before, so the time taken tells nothing.
    package func caller(presenting key: UnsafeRawBufferPointer) -> Caller? {
        let presented = SHA256.hash(key)
        var found: Int?
        for index in keys.indices where keys[index].digest.constantTimeEquals(presented) { found = index }
        return found.map { keys[$0].caller }
    }

    /// The caller of that id, if the key is one of its own: an id and another caller's key open nothing. As constant in
    /// time as ``caller(presenting:)-(UnsafeRawBufferPointer)``; ids are no secret.
    package func caller(named id: String, presenting key: UnsafeRawBufferPointer) -> Caller? {
        let presented = SHA256.hash(key)
        var found: Int?
        for index in keys.indices where keys[index].digest.constantTimeEquals(presented) {
            if keys[index].caller.id == id { found = index }
        }
        return found.map { keys[$0].caller }
    }

    /// As ``caller(presenting:)-(UnsafeRawBufferPointer)``, for text.
    package func caller(presenting key: String) -> Caller? {
        var key = key
        return key.withUTF8 { caller(presenting: UnsafeRawBufferPointer($0)) }
    }
}
