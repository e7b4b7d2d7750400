import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeySettings
import Testing

@Suite("The callers file") struct CallersFileTests {
    private static let digest = String(repeating: "ab", count: 32)
    private static let other = String(repeating: "cd", count: 32)
    private static let issuer = #"{"issuer": "https://k8s", "jwks": "file:/run/jwks.json", "audience": "latchkey"}"#
    private static let domain =
        #"{"trust_domain": "house.example", "jwks": "https://spire/keys", "audience": "latchkey"}"#

    private static func file(_ callers: String, issuers: String = "\(issuer), \(domain)") -> CallersFile {
        CallersFile(#"{"issuers": [\#(issuers)], "callers": [\#(callers)]}"#)
    }

    @Test func `Every member is read`() throws {
        let file = CallersFile(
            #"""
            {"mode": "observe",
             "issuers": [{"issuer": "https://k8s", "jwks": "https://k8s/keys", "audience": "a", "ca": "/ca.pem",
                          "bearer": "file:/token"}],
             "callers": [
              {"id": "orders", "key_sha256": ["\#(Self.digest)", "\#(Self.other)"], "scopes": ["token", "secrets"],
               "secrets": ["db/*", "!db/root"], "profiles": ["mail"], "not_after": "2027-06-30T00:00:00Z",
               "sigv4_secret": "file:/run/sigv4", "jwt": {"issuer": "https://k8s", "sub": "sa:orders:*"},
               "tls": {"uri": "spiffe://h/o", "dns": ["a.example", "b.example"]}, "unix": {"uid": [1001, 0]}}]}
            """#)
        #expect(file.problems == [] && file.mode == .observe && file.issuers.count == 1)
        #expect(Set(file.files) == ["/run/sigv4", "/ca.pem", "/token"])
        let issuer = try #require(file.issuers.first)
        #expect(issuer.keys == .url("https://k8s/keys") && issuer.audience == ExactText("a"))
        #expect(issuer.identity == .issuer(ExactText("https://k8s")) && issuer.authorities == "/ca.pem")
        let orders = try #require(file.callers.first)
        #expect(orders.caller.id == "orders" && orders.caller.scopes == [.token, .secrets])
        #expect(orders.caller.secrets.mismatch("db/a") == nil && orders.caller.secrets.mismatch("db/root") == .excluded)
        #expect(orders.caller.profiles == ProfileGrant(["mail"]))
        #expect(orders.caller.notAfter.map { RFC3339.format($0) } == "2027-06-30T00:00:00Z")
        #expect(orders.credentials.keys.map(\.hex) == [Self.digest, Self.other])
        #expect(
            orders.credentials.uris == ["spiffe://h/o"] && orders.credentials.dnsNames == ["a.example", "b.example"])
        #expect(orders.credentials.users == [1001, 0] && orders.signingSecretPath == "/run/sigv4")
        #expect(orders.credentials.tokens.map(\.subject.text) == ["sa:orders:*"])
    }

    @Test func `Absent members mean enforce, the default profile and no secrets`() throws {
        let file = CallersFile(#"{"callers": [{"id": "a", "key_sha256": ["\#(Self.digest)"], "scopes": ["token"]}]}"#)
        let caller = try #require(file.callers.first?.caller)
        #expect(file.problems == [] && file.mode == .enforce && file.issuers.isEmpty)
        #expect(caller.profiles == ProfileGrant(["default"]) && caller.secrets.mismatch("a") == .noPattern)
        #expect(caller.notAfter == nil)
        #expect(CallersFile(#"{"callers": []}"#).problems == [])
    }

    @Test func `A trust domain is found by the subject or by its name`() {
        for jwt in [
            #"{"sub": "spiffe://house.example/batch/*"}"#,
            #"{"trust_domain": "house.example", "sub": "spiffe://house.example/batch"}"#,
        ] {
            let file = Self.file(#"{"id": "a", "jwt": \#(jwt), "scopes": ["token"]}"#)
            #expect(
                file.problems == []
                    && file.callers.first?.credentials.tokens.first?.issuer == .trustDomain(ExactText("house.example")))
        }
    }

    @Test(arguments: [
        (#"{"id": "a", "scopes": ["token"]}"#, "has no credential"),
        (#"{"id": "a", "unix": {"uid": 1}}"#, "needs scopes"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": ["root"]}"#, "scopes must be of token, secrets, metrics, admin"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": "token"}"#, "scopes must be a list"),
        (#"{"id": "a b", "unix": {"uid": 1}, "scopes": ["token"]}"#, "id must be"),
        (#"{"unix": {"uid": 1}, "scopes": ["token"]}"#, "id must be"),
        (#"{"id": "a", "unix": {"uid": -1}, "scopes": ["token"]}"#, "uid must be a whole number"),
        (#"{"id": "a", "unix": {"uid": 4294967295}, "scopes": ["token"]}"#, "uid must be a whole number"),
        (#"{"id": "a", "unix": {"uid": 65534}, "scopes": ["token"]}"#, "stands for every unknown user"),
        (#"{"id": "a", "unix": {}, "scopes": ["token"]}"#, "unix needs uid"),
        (#"{"id": "a", "unix": {"uid": 1, "gid": 1}, "scopes": ["token"]}"#, "unknown member gid"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": ["token"], "secret": []}"#, "unknown member secret"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": ["token"], "secrets": ["!"]}"#, "a pattern must follow !"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": ["token"], "secrets": [""]}"#, "secrets must be a text"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": ["token"], "secrets": [1]}"#, "secrets must be a text"),
        (#"{"id": "a", "unix": {"uid": 1}, "scopes": ["token"], "not_after": "tomorrow"}"#, "not_after must be a time"),
        (#"{"id": "a", "key_sha256": ["ab"], "scopes": ["token"]}"#, "64 hexadecimal digits"),
        (#"{"id": "a", "key_sha256": "ab", "scopes": ["token"]}"#, "key_sha256 must be a list"),
        (#"{"id": "a", "sigv4_secret": "hush-hush-hush", "scopes": ["token"]}"#, "sigv4_secret must be file:"),
        (#"{"id": "a", "tls": {}, "scopes": ["token"]}"#, "tls needs uri or dns"),
        (#"{"id": "a", "tls": {"dns": "*.example"}, "scopes": ["token"]}"#, "tls takes whole names"),
        (#"{"id": "a", "jwt": {"issuer": "https://x", "sub": "s"}, "scopes": ["token"]}"#, "must name an issuer"),
        (#"{"id": "a", "jwt": {"issuer": "https://k8s"}, "scopes": ["token"]}"#, "jwt needs sub"),
        (#"{"id": "a", "jwt": {"sub": "spiffe://else/x"}, "scopes": ["token"]}"#, "must name an issuer"),
        (#""a""#, "must be an object"),
    ])
    func `A caller with a mistake is refused, with the place`(caller: String, problem: String) {
        let file = CallersFile("{\"issuers\": [\(Self.issuer), \(Self.domain)],\n \"callers\": [\n  \(caller)]}")
        #expect(file.problems.count == 1 && file.problems[0].contains(problem), "\(file.problems)")
        #expect(file.problems.first?.hasPrefix("line 3, column ") ?? false, "\(file.problems)")
        #expect(!file.problems.joined().contains("hush"))
    }

    @Test(arguments: [
        (#"{"jwks": "file:/a", "audience": "a"}"#, "needs issuer or trust_domain"),
        (
            #"{"issuer": "i", "trust_domain": "d", "jwks": "file:/a", "audience": "a"}"#,
            "one of issuer and trust_domain"
        ),
        (#"{"issuer": "i", "jwks": "file:/a"}"#, "needs audience"),
        (#"{"issuer": "i", "audience": "a"}"#, "needs jwks"),
        (#"{"issuer": "i", "jwks": "http://a", "audience": "a"}"#, "jwks must be"),
        (#"{"issuer": "i", "jwks": "file:a", "audience": "a"}"#, "jwks must be"),
        (
            #"{"issuer": "i", "jwks": "file:/a", "audience": "a", "ca": "/x"}"#,
            "ca and bearer are for a key set at a URL"
        ),
        (#"{"trust_domain": "House", "jwks": "file:/a", "audience": "a"}"#, "trust_domain must be"),
        (#"{"issuer": "i", "jwks": "file:/a", "audience": "a", "kid": "x"}"#, "unknown member kid"),
    ])
    func `An issuer with a mistake is refused`(issuer: String, problem: String) {
        let file = Self.file("", issuers: issuer)
        #expect(file.problems.count == 1 && file.problems[0].contains(problem), "\(file.problems)")
    }

    @Test(arguments: [
        (#""key_sha256": ["\#(digest)"]"#, #""key_sha256": ["\#(digest.uppercased())"]"#),
        (#""tls": {"uri": "spiffe://a/b"}"#, #""tls": {"uri": ["x:", "spiffe://a/b"]}"#),
        (#""tls": {"dns": "a.example"}"#, #""tls": {"dns": "A.example"}"#),
        (#""unix": {"uid": 7}"#, #""unix": {"uid": [8, 7]}"#),
        (#""jwt": {"issuer": "https://k8s", "sub": "a:*"}"#, #""jwt": {"issuer": "https://k8s", "sub": "*:b"}"#),
        (#""jwt": {"issuer": "https://k8s", "sub": "a"}"#, #""jwt": {"issuer": "https://k8s", "sub": "a"}"#),
        (#""jwt": {"issuer": "https://k8s", "sub": "a*"}"#, #""jwt": {"issuer": "https://k8s", "sub": "abc"}"#),
    ])
    func `A credential of two callers is refused`(first: String, second: String) {
        let caller = { (id: String, credential: String) in #"{"id": "\#(id)", \#(credential), "scopes": ["token"]}"# }
        for pair in [(first, second), (second, first)] {
            let file = Self.file(caller("one", pair.0) + ", " + caller("two", pair.1))
            #expect(file.problems.count == 1 && file.problems[0].contains("two callers"), "\(file.problems)")
        }
        #expect(Self.file(caller("one", first)).problems == [] && Self.file(caller("two", second)).problems == [])
    }

    @Test func `The same subject at two issuers is no overlap`() {
        let file = Self.file(
            #"""
            {"id": "a", "jwt": {"issuer": "https://k8s", "sub": "spiffe://house.example/*"}, "scopes": ["token"]},
            {"id": "b", "jwt": {"sub": "spiffe://house.example/*"}, "scopes": ["token"]}
            """#)
        #expect(file.problems == [])
    }

    @Test func `A name or a digest that stands twice is refused`() {
        let twice = Self.file(
            #"{"id": "a", "unix": {"uid": 1}, "scopes": ["token"]}, {"id": "a", "unix": {"uid": 2}, "scopes": ["token"]}"#
        )
        #expect(twice.problems.count == 1 && twice.problems[0].contains("a: is defined twice"), "\(twice.problems)")
        let digests = Self.file(
            #"{"id": "a", "key_sha256": ["\#(Self.digest)", "\#(Self.digest)"], "scopes": ["token"]}"#)
        #expect(digests.problems.count == 1 && digests.problems[0].contains("twice"), "\(digests.problems)")
        #expect(Self.file("", issuers: "\(Self.issuer), \(Self.issuer)").problems.count == 1)
    }

    @Test(arguments: [
        "", "[]", "{", #"{"callers": {}}"#, "{}", #"{"callers": [], "x": 1}"#, #"{"mode": "warn", "callers": []}"#,
    ])
    func `What is not a callers file is refused`(text: String) {
        #expect(!CallersFile(text).problems.isEmpty)
    }

    @Test func `All problems are listed, up to a limit`() {
        let bad = #"{"id": "a", "scopes": ["token"]}"#
        let few = Self.file((0..<3).map { _ in bad }.joined(separator: ","))
        #expect(few.problems.count == 5)
        let many = Self.file((0..<500).map { _ in bad }.joined(separator: ","))
        #expect(
            many.problems.count == CallersFile.Limits.problems + 1
                && many.problems.last?.hasSuffix("more problems") == true)
        let tooMany = Self.file((0...CallersFile.Limits.callers).map { _ in "1" }.joined(separator: ","))
        #expect(tooMany.problems.count == 1)
    }

    @Test func `The API key's id and digest cannot be in the file too`() {
        let key = SHA256.hash("the-api-key-of-the-tests")
        let file = Self.file(#"{"id": "default", "key_sha256": ["\#(Self.digest)"], "scopes": ["token"]}"#)
        #expect(file.conflict(withKeys: []) == nil && file.conflict(withKeys: [key]) != nil)
        let same = Self.file(#"{"id": "a", "key_sha256": ["\#(key.hex)"], "scopes": ["token"]}"#)
        #expect(same.conflict(withKeys: []) == nil && same.conflict(withKeys: [key]) != nil)
    }
}
