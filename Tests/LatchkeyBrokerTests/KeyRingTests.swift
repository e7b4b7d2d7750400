import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite("Credentials of callers") struct KeyRingTests {
    private static let now = WallTime(seconds: 1_000)

    private static func entry(
        _ id: String, keys: [String] = [], notAfter: WallTime? = nil,
        _ change: (inout CallerCredentials) -> Void = { _ in }
    ) -> KeyRing.Entry {
        var credentials = CallerCredentials()
        credentials.keys = keys.map { SHA256.hash($0) }
        change(&credentials)
        return KeyRing.Entry(Caller(id: id, scopes: [.token], notAfter: notAfter), credentials)
    }

    private static let twoCallers = KeyRing([
        entry("alice", keys: ["first-key-of-alice", "second-key-of-alice"]), entry("bob", keys: ["key-of-bob"]),
    ])

    @Test func `The last use of a caller is kept when the callers change`() throws {
        let use = { (ring: KeyRing, key: String, seconds: Int64) throws in
            guard case .caller(let caller) = ring.caller(presenting: SHA256.hash(key), now: { Self.now }) else {
                return
            }
            ring.noteUse(by: caller, at: MonotonicTime(nanoseconds: seconds * 1_000_000_000))
        }
        let now = Now(monotonic: MonotonicTime(nanoseconds: 100_000_000_000), wall: Self.now)
        let ring = KeyRing([Self.entry("alice", keys: ["a"]), Self.entry("bob", keys: ["b"])])
        #expect(ring.lastUses(now).map(\.time) == [nil, nil])
        try use(ring, "a", 0)
        try use(ring, "b", 90)
        try use(ring, "unknown", 95)
        #expect(ring.lastUses(now).map(\.time) == [WallTime(seconds: 900), WallTime(seconds: 990)])
        let next = KeyRing([Self.entry("carol", keys: ["c"]), Self.entry("bob", keys: ["b2"])], after: ring)
        #expect(next.lastUses(now).map(\.id) == ["carol", "bob"])
        // A worker may still use the ring before.
        try use(ring, "b", 97)
        #expect(next.lastUses(now).map(\.time) == [nil, WallTime(seconds: 997)])
    }

    @Test func `A key identifies its caller only`() {
        let ring = Self.twoCallers
        #expect(ring.id(presenting: "first-key-of-alice") == "alice")
        #expect(ring.id(presenting: "second-key-of-alice") == "alice")
        #expect(ring.id(presenting: "key-of-bob") == "bob")
        for wrong in ["", "key-of-bo", "key-of-bobb", "KEY-OF-BOB", "key-of-bob\u{0}"] {
            #expect(ring.id(presenting: wrong) == "unknown")
        }
        #expect(KeyRing([]).id(presenting: "") == "unknown")
    }

    @Test(arguments: [1, 8, 9, 100, 1_000])
    func `Each of many keys identifies its caller`(count: Int) {
        let ring = KeyRing((0..<count).map { Self.entry("caller-\($0)", keys: ["key-\($0)-a", "key-\($0)-b"]) })
        for index in 0..<count {
            #expect(ring.id(presenting: "key-\(index)-a") == "caller-\(index)")
            #expect(ring.id(presenting: "key-\(index)-b") == "caller-\(index)")
            #expect(ring.id(presenting: "key-\(index)-c") == "unknown")
        }
    }

    @Test func `An id is accepted with its own keys only`() {
        for (id, key, opens) in [
            ("alice", "first-key-of-alice", true), ("alice", "second-key-of-alice", true), ("bob", "key-of-bob", true),
            ("bob", "first-key-of-alice", false), ("alice", "key-of-bob", false), ("", "key-of-bob", false),
            ("Bob", "key-of-bob", false), ("bob", "", false), ("nobody", "key-of-nobody", false),
        ] {
            let found = Array(key.utf8).withUnsafeBytes { key in
                Self.twoCallers.caller(named: id, presenting: key) { Self.now }
            }
            #expect(Self.twoCallers.id(found) == (opens ? id : "unknown"), "\(id) with \(key)")
        }
    }

    @Test func `The API key belongs to the default caller, which has everything`() {
        let ring = KeyRing([.default([Secret("a-key-of-some-length")])])
        #expect(ring.id(presenting: "a-key-of-some-length") == "default")
        #expect(Caller.default.scopes.contains([.token, .secrets, .metrics, .admin]) && Caller.default.isUnrestricted)
        #expect(ring.id(ring.signer(named: "default") { Self.now }.caller) == "default")
    }

    @Test func `Past its not_after a caller is refused at each use, whatever its credential is`() {
        let ring = KeyRing([
            Self.entry("old", keys: ["k"], notAfter: Self.now) {
                $0.users = [7]
                $0.uris = ["spiffe://a/b"]
                $0.signingSecrets = [Secret("s")]
                $0.tokens = [.init(issuer: .issuer(ExactText("i")), subject: TextPattern("s", .plain))]
            }
        ])
        let peer = PeerIdentity(uris: ["spiffe://a/b"], dnsNames: [], expiry: WallTime(seconds: 5_000))
        let token = VerifiedJWT(
            issuer: .issuer(ExactText("i")), subject: ExactText("s"), expires: WallTime(seconds: 5_000))
        for (time, id) in [(Self.now, "expired"), (WallTime(milliseconds: Self.now.milliseconds - 1), "old")] {
            #expect(ring.id(presenting: "k", at: time) == id)
            #expect(ring.id(ring.caller(withUser: 7) { time }) == id)
            #expect(ring.id(ring.caller(with: peer) { time }) == id)
            #expect(ring.id(ring.caller(with: token) { time }) == id)
            #expect(ring.id(ring.signer(named: "old") { time }.caller) == id)
        }
    }

    @Test func `A certificate whose names belong to two callers is refused`() {
        let ring = KeyRing([
            Self.entry("a") { $0.uris = ["spiffe://x/a"] },
            Self.entry("b") { $0.dnsNames = ["B.example"] },
        ])
        let id = { (uris: [String], names: [String], expiry: Int64) in
            let peer = PeerIdentity(uris: uris, dnsNames: names, expiry: WallTime(seconds: expiry))
            return ring.id(ring.caller(with: peer) { Self.now })
        }
        #expect(id(["spiffe://x/a"], [], 2_000) == "a" && id(["spiffe://x/a", "other:"], ["c"], 2_000) == "a")
        #expect(id([], ["b.EXAMPLE"], 2_000) == "b" && id([], ["x.b.example"], 2_000) == "unknown")
        #expect(id(["spiffe://x/a"], ["b.example"], 2_000) == "ambiguous")
        #expect(id(["spiffe://x/A"], [], 2_000) == "unknown" && id(["spiffe://x/a"], [], 1_000) == "expired")
    }

    @Test func `A token's subject is matched at its own issuer only`() {
        let ring = KeyRing([
            Self.entry("billing") {
                $0.tokens = [
                    .init(issuer: .issuer(ExactText("https://k8s")), subject: TextPattern("sa:billing:*", .plain))
                ]
            }
        ])
        let id = { (issuer: String, subject: String, expiry: Int64) in
            let token = VerifiedJWT(
                issuer: .issuer(ExactText(issuer)), subject: ExactText(subject), expires: WallTime(seconds: expiry))
            return ring.id(ring.caller(with: token) { Self.now })
        }
        #expect(id("https://k8s", "sa:billing:app", 2_000) == "billing")
        #expect(
            id("https://k8s", "sa:orders:app", 2_000) == "unknown"
                && id("https://x", "sa:billing:a", 2_000) == "unknown")
        #expect(id("https://k8s", "sa:billing:app", 940) == "expired")
        #expect(ring.acceptsTokens && !ring.acceptsConnections && !Self.twoCallers.acceptsTokens)
    }
}

extension KeyRing {
    /// The id of the caller, or why there is none.
    fileprivate func id(_ authentication: Authentication) -> String {
        switch authentication {
        case .caller(let found): caller(found)?.id ?? "gone"
        case .unknown: "unknown"
        case .expired: "expired"
        case .ambiguous: "ambiguous"
        }
    }

    fileprivate func id(presenting key: String, at now: WallTime = WallTime(seconds: 1_000)) -> String {
        id(Array(key.utf8).withUnsafeBytes { caller(presenting: $0) { now } })
    }
}
