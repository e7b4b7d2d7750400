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

    /// `keys` may name a caller more than once: two live keys allow rotation.
    package init(_ keys: [(digest: Digest, caller: Caller)]) { self.keys = keys }

    /// One key, the default caller's.
    package init(key: Secret) {
        self.init([(key.withBytes { SHA256.hash($0) }, .default)])
    }

    /// Whose key this is. Every digest is compared whole, whatever matched before, so the time taken tells nothing.
    package func caller(presenting key: UnsafeRawBufferPointer) -> Caller? {
        let presented = SHA256.hash(key)
        var found: Int?
        for index in keys.indices where keys[index].digest.constantTimeEquals(presented) { found = index }
        return found.map { keys[$0].caller }
    }

    /// As ``caller(presenting:)-(UnsafeRawBufferPointer)``, for text.
    package func caller(presenting key: String) -> Caller? {
        var key = key
        return key.withUTF8 { caller(presenting: UnsafeRawBufferPointer($0)) }
    }
}
