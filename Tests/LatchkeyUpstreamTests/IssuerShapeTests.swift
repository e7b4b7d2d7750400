import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization
import Testing

@Suite struct `What issuers of several makers are sent` {
    static let vectors = Result { try Fixture.json("oauth/token_requests.json") }
    static let cases = (try? vectors.get()["cases"]?.array) ?? []

    @Test func `There are vectors`() throws {
        #expect(try Self.vectors.get()["cases"]?.array?.count == 7)
    }

    @Test(arguments: cases)
    func `The request is the maker's own, byte for byte`(vector: JSON) throws {
        let (now, id) = try (
            #require(try Self.vectors.get()["now"]?.integer), #require(try Self.vectors.get()["id"]?.string)
        )
        let profile = try #require(vector["profile"])
        let sent = try request(profile).message(userAgent: "latchkey/1", now: WallTime(seconds: now), id: id)
        #expect(sent.method == "POST")
        #expect(sent.target == vector["target"]?.string)
        #expect(sent.fields["Content-Type"] == vector["type"]?.string)
        #expect(sent.fields["Authorization"] == vector["authorization"]?.string)
        #expect(String(decoding: sent.body, as: UTF8.self) == vector["body"]?.string)
    }

    private func request(_ profile: JSON) throws -> TokenRequest {
        let authentication: TokenRequest.ClientAuthentication =
            switch profile["client_auth"]?.string {
            case "basic": .basic
            case "private_key_jwt": .privateKeyJWT(keyID: profile["key_id"]?.string)
            default: .post
            }
        let secret = try profile["client_secret"]?.string.map { Array($0.utf8) } ?? Fixture.bytes("keys/rsa-pkcs8.pem")
        return TokenRequest(
            kind: profile["kind"]?.string == "auth0" ? .auth0 : .oauth2,
            endpoint: try TokenEndpoint(try #require(profile["token_url"]?.string)),
            credentials: ClientCredentials(
                clientID: try #require(profile["client_id"]?.string), clientSecret: Secret(secret)),
            audience: profile["audience"]?.string, scope: profile["scope"]?.string,
            organization: profile["organization"]?.string, clientAuthentication: authentication,
            extra: (profile["extra"]?.object ?? [:]).compactMapValues(\.string))
    }

    @Test func `An assertion lives a minute, and each attempt has one of its own`() async throws {
        let bench = IssuerBench(.json(500, ""), .token)
        var request = IssuerBench.request(.oauth2, authentication: .privateKeyJWT(keyID: nil))
        request.credentials.clientSecret = Secret(try Fixture.bytes("keys/p256-sec1.pem"))
        _ = try await bench.issue(request)
        let claims = try bench.requests.map { request in
            let body = String(decoding: request.body, as: UTF8.self)
            let assertion = try #require(body.split(separator: "&").first { $0.hasPrefix("client_assertion=") })
            let parts = assertion.dropFirst(17).split(separator: ".")
            #expect(try JSON(parsing: #require(Base64.decodeURL(parts[0]))) == ["alg": "ES256", "typ": "JWT"])
            return try JSON(parsing: #require(Base64.decodeURL(parts[1])))
        }
        #expect(claims.count == 2)
        for claim in claims {
            #expect(claim["iss"] == "id:1" && claim["sub"] == "id:1")
            #expect(claim["aud"] == "https://tenant.example/oauth/token")
            #expect(try #require(claim["exp"]?.integer) - #require(claim["iat"]?.integer) == 60)
        }
        #expect(claims.first?["jti"] != claims.last?["jti"])
    }

    @Test func `A key that cannot sign stops the request before it is sent`() async {
        let bench = IssuerBench(.token)
        let request = IssuerBench.request(.oauth2, authentication: .privateKeyJWT(keyID: nil))
        await #expect(throws: IssuerError.unusableKey(.notAKey)) { try await bench.issue(request) }
        #expect(bench.requests.isEmpty)
    }
}

@Suite struct `What is left of an issuer's allowance` {
    private static let now = WallTime(seconds: 1_700_000_000)

    static let rests: [(HTTPFields, Duration?)] = [
        ([:], nil),
        (["x-ratelimit-remaining": "11", "x-ratelimit-limit": "100"], nil),
        (["x-ratelimit-remaining": "10", "x-ratelimit-limit": "100"], .seconds(60)),
        (
            ["x-ratelimit-remaining": "10", "x-ratelimit-limit": "100", "x-ratelimit-reset": "1700000007"],
            .seconds(7)
        ),
        (["x-ratelimit-remaining": "0", "x-ratelimit-reset": "1600000000"], .zero),
        (["x-ratelimit-remaining": "1"], nil),
        (["x-ratelimit-remaining": "0"], .seconds(60)),
        (["x-ratelimit-remaining": "0", "x-ratelimit-limit": "none"], .seconds(60)),
        (["Auth0-Client-Quota-Limit": "b=per_hour;q=100;r=11;t=99,b=per_day;q=100;r=10;t=43200"], .seconds(43_200)),
        (["Auth0-Client-Quota-Limit": "per_hour;q=10;r=1;t=99,per_day;q=10;r=1;t=50"], .seconds(99)),
        (["Auth0-Organization-Quota-Limit": "b=per_day;q=10;r=0;t=9999999"], .seconds(86_400)),
    ]

    @Test(arguments: rests)
    func `Refresh ahead rests until the longest of the low ones is full again`(fields: HTTPFields, rest: Duration?) {
        #expect(IssuerQuota(fields, now: Self.now).lowFor == rest)
    }
}

@Suite struct `The budget of requests` {
    private func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func `A place comes back an hour after it was taken`() {
        var budget = IssueBudget(2)
        #expect(budget.spend(time(0)) == nil && budget.spend(time(1000)) == nil)
        #expect(budget.remaining(time(1000)) == 0)
        #expect(budget.spend(time(1001)) == .seconds(2599))
        #expect(budget.spend(time(3599)) == .seconds(1))
        #expect(budget.spend(time(3600)) == nil)
        #expect(budget.spend(time(3601)) == .seconds(999))
        #expect(budget.remaining(time(4600)) == 1)
    }

    @Test func `A part of the budget can be kept for others`() {
        var budget = IssueBudget(4)
        #expect(budget.spend(time(0), leaving: 1) == nil)
        #expect(budget.spend(time(10), leaving: 1) == nil)
        #expect(budget.spend(time(20), leaving: 1) == nil)
        #expect(budget.spend(time(30), leaving: 1) == .seconds(3570))
        #expect(budget.spend(time(30)) == nil)
        #expect(budget.spend(time(40)) == .seconds(3560))
        // The first is an hour old, but the second of the three that count is not.
        #expect(budget.spend(time(3600), leaving: 1) == .seconds(10))
        #expect(budget.spend(time(3610), leaving: 1) == nil)
    }

    @Test(arguments: [Int.min, -1, 4, 5, Int.max])
    func `A reserve that leaves nothing, or makes no sense, does not trap`(_ reserve: Int) {
        var budget = IssueBudget(4)
        let wait = budget.spend(time(0), leaving: reserve)
        #expect(wait == (reserve < 0 ? nil : .seconds(3600)))
    }

    @Test func `No hour has more than the budget, wherever it begins`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let most = Int.random(in: 1...20, using: &generator)
            var budget = IssueBudget(most)
            var (now, granted): (Int64, [Int64]) = (0, [])
            for _ in 0..<500 {
                now += Int64.random(in: 0...400, using: &generator)
                if budget.spend(time(now)) == nil { granted.append(now) }
            }
            for start in granted {
                #expect(granted.count { $0 >= start && $0 < start + 3600 } <= most)
            }
            #expect(granted.count >= most)
        }
    }

    @Test func `Attempts after the first count, and nothing is sent without a place`() async {
        let bench = IssuerBench(.json(500, ""), .token)
        let deadline = bench.clock.now.monotonic + .seconds(5)
        await #expect(throws: IssuerError.budgetSpent(retryAfter: .seconds(9))) {
            try await bench.issuer.issue(IssuerBench.request(), deadline: deadline) { _ in .seconds(9) }
        }
        #expect(bench.requests.isEmpty)
        // One place: the first attempt has it, and the second is not made.
        let asked = Mutex(0)
        await #expect(throws: IssuerError.unavailable(status: 500)) {
            try await bench.issuer.issue(IssuerBench.request(), deadline: deadline) { _ in
                asked.withLock { count in
                    count += 1
                    return count > 1 ? .seconds(9) : nil
                }
            }
        }
        #expect(bench.requests.count == 1)
    }
}
