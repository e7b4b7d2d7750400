package import LatchkeyCore
internal import Synchronization

/// The keys that encrypt session tickets (RFC 5077, RFC 8446 §4.6.1), shared by all workers so that a client can resume
/// its session with any of them. They exist in memory only, and a ticket is useless after a restart.
///
/// There is a new key every hour, and tickets of the two keys before it are accepted. Whoever gets hold of the keys can
/// read no TLS 1.2 session with a ticket that is older than three hours, nor impersonate its client.
package final class TLSTicketKeys: Sendable {
    /// Bytes of the name by which a ticket refers to its key.
    static let nameLength = 16
    /// The time for which new tickets use a key.
    static let period: Duration = .seconds(3600)
    /// The number of keys whose tickets are accepted.
    static let maxKeys = 3
    /// The lifetime of a session, in seconds. A ticket that is made when its key is replaced can be used this long.
    static let sessionSeconds = 7200

    struct Key: Sendable {
        let name: [UInt8]
        /// 32 bytes for AES-256, 32 for HMAC.
        let secret: Secret
        let createdAt: MonotonicTime
    }

    private let keys = Mutex<[Key]>([])
    private let now: @Sendable () -> MonotonicTime

    package init(now: @escaping @Sendable () -> MonotonicTime) { self.now = now }

    /// The key for new tickets.
    func newest() -> Key { keys.withLock { current(&$0) } }

    /// The key that a ticket names, and whether new tickets use another one; nil if it is unknown or too old.
    func find(_ name: UnsafeBufferPointer<UInt8>) -> (key: Key, isOld: Bool)? {
        keys.withLock { keys in
            let newest = current(&keys)
            guard let key = keys.first(where: { $0.name.elementsEqual(name) }) else { return nil }
            return (key, key.name != newest.name)
        }
    }

    /// Replaces the newest key when its period is over, and drops those that are too old.
    private func current(_ keys: inout [Key]) -> Key {
        let now = now()
        if let newest = keys.first, now < newest.createdAt + Self.period { return newest }
        keys.removeAll { now >= $0.createdAt + Self.period * Self.maxKeys }
        let key = Key(name: Random.bytes(Self.nameLength), secret: .random(64), createdAt: now)
        keys.insert(key, at: 0)
        keys.removeLast(max(0, keys.count - Self.maxKeys))
        return key
    }
}
