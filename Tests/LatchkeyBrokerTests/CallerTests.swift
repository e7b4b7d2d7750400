import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite struct `Keys` {
    @Test func `A key opens for its caller alone`() {
        let ring = KeyRing([
            (SHA256.hash("first-key-of-alice"), Caller(id: "alice", scopes: [.token])),
            (SHA256.hash("second-key-of-alice"), Caller(id: "alice", scopes: [.token])),
            (SHA256.hash("key-of-bob"), Caller(id: "bob", scopes: .all)),
        ])
        #expect(ring.caller(presenting: "first-key-of-alice")?.id == "alice")
        #expect(ring.caller(presenting: "second-key-of-alice")?.id == "alice")
        #expect(ring.caller(presenting: "key-of-bob")?.scopes == .all)
        for wrong in ["", "key-of-bo", "key-of-bobb", "KEY-OF-BOB", "key-of-bob\u{0}"] {
            #expect(ring.caller(presenting: wrong) == nil)
        }
        #expect(KeyRing([]).caller(presenting: "") == nil)
    }

    @Test func `An id opens with its own keys and with no other's`() {
        let ring = KeyRing([
            (SHA256.hash("first-key-of-alice"), Caller(id: "alice", scopes: [.token])),
            (SHA256.hash("second-key-of-alice"), Caller(id: "alice", scopes: [.token])),
            (SHA256.hash("key-of-bob"), Caller(id: "bob", scopes: .all)),
        ])
        for (id, key, opens) in [
            ("alice", "first-key-of-alice", true), ("alice", "second-key-of-alice", true), ("bob", "key-of-bob", true),
            ("bob", "first-key-of-alice", false), ("alice", "key-of-bob", false), ("", "key-of-bob", false),
            ("Bob", "key-of-bob", false), ("bob", "", false), ("nobody", "key-of-nobody", false),
        ] {
            let caller = Array(key.utf8).withUnsafeBytes { ring.caller(named: id, presenting: $0) }
            #expect(caller?.id == (opens ? id : nil), "\(id) with \(key)")
        }
    }

    @Test func `The API key is the default caller's, with every scope`() {
        let ring = KeyRing(key: Secret("a-key-of-some-length"))
        #expect(ring.caller(presenting: "a-key-of-some-length") == .default)
        #expect(Caller.default.scopes.contains([.token, .secrets, .metrics, .admin]))
    }

    @Test(arguments: [
        ("", false, KeyWeakness.empty), ("short", false, .tooShort(minimum: 16)),
        ("fifteen-bytes-x", false, .tooShort(minimum: 16)),
        ("k3J9vQ2mX8pL5tRw", true, .tooShort(minimum: 32)),
        ("k3J9vQ2mX8pL5tRw\n", false, .unusableByte), ("k3J9vQ2m X8pL5tRw", false, .unusableByte),
        ("schlüssel-k3J9vQ2mX8", false, .unusableByte),
        ("changemechangeme", false, .wellKnown), ("password12345678", false, .wellKnown),
        ("your-internal-api-key", false, .wellKnown), ("my-super-secret!", false, nil),
        ("Development-Key-1", false, .wellKnown), ("1234567890123456", false, .wellKnown),
        ("0123456789abcdef", false, .wellKnown), ("fedcba9876543210FEDCBA9876543210", true, .wellKnown),
        ("example-key-0123456789", false, .wellKnown), ("example-key-0123456789abcdef", false, nil),
        ("aaaaaaaaaaaaaaaa", false, .repetitive), ("abababababababab", false, .repetitive),
        ("k3J9vQ2mX8pL5tRw", false, nil), ("4f1d0c9ab27e4e6d9c1f3b5a7d8e2f60", true, nil),
    ])
    func `Weak keys are refused`(key: String, beyondLoopback: Bool, weakness: KeyWeakness?) {
        #expect(KeyStrength.weakness(of: Secret(key), beyondLoopback: beyondLoopback) == weakness)
    }

    @Test func `A random key of either usual form passes`() {
        for _ in 0..<200 {
            #expect(KeyStrength.weakness(of: Secret(Hex.encode(Random.bytes(16))), beyondLoopback: true) == nil)
            #expect(KeyStrength.weakness(of: Secret(Base64.encode(Random.bytes(24))), beyondLoopback: true) == nil)
        }
    }
}
