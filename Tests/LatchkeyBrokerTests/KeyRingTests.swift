import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite("API keys") struct KeyRingTests {
    @Test func `A key identifies its caller only`() {
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

    @Test func `An id is accepted with its own keys only`() {
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

    @Test func `The API key belongs to the default caller, which has every scope`() {
        let ring = KeyRing(key: Secret("a-key-of-some-length"))
        #expect(ring.caller(presenting: "a-key-of-some-length") == .default)
        #expect(Caller.default.scopes.contains([.token, .secrets, .metrics, .admin]))
    }
}

extension KeyRing {
    /// The caller whose key was presented, as text.
    func caller(presenting key: String) -> Caller? {
        Array(key.utf8).withUnsafeBytes { caller(presenting: $0) }
    }
}
