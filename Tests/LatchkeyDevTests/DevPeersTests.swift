import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite("The emulated services behind one address") struct DevPeersTests {
    @Test func `Both stores start with the example secrets and without a token`() throws {
        let fixture = try DevFixture()
        let parameter = try fixture.ssm("GetParameter", ["Name": "/your-app/dev/secrets", "WithDecryption": true])
        let text = try #require(parameter["Parameter"]?["Value"]?.string)
        let blob = try JSON(parsing: text.utf8)
        #expect(blob["AUTH0_CLIENT_ID"] == "latchkey-dev-client")
        #expect(blob["AUTH0_CLIENT_SECRET"] == "dev-client-secret")
        #expect(blob["AUTH0_AUDIENCE"]?.string == fixture.seed.audience)
        #expect(blob["AUTH0_DOMAIN"] != nil)
        #expect(blob["db"]?["password"] != nil)
        let secret = try fixture.secrets("GetSecretValue", ["SecretId": "your-app/dev/secrets"])
        #expect(secret["SecretString"]?.string == text)
        let names = try fixture.ssm("GetParametersByPath", ["Path": "/your-app/dev", "Recursive": true])
        #expect(
            names["Parameters"]?.array?.compactMap { $0["Name"]?.string } == [
                "/your-app/dev/db/password", "/your-app/dev/log-level", "/your-app/dev/mongodb-uri",
                "/your-app/dev/secrets",
            ])
    }

    @Test func `Keys are new at every start and do not appear in descriptions`() {
        let one = DevSeed.random()
        let two = DevSeed.random()
        #expect(one.clientSecret != two.clientSecret)
        #expect(one.secretAccessKey != two.secretAccessKey)
        #expect(one.key != two.key)
        #expect(one.secretAccessKey.count == 40)
        #expect(!"\(one)".contains(one.clientSecret.revealText() ?? ""))
    }

    @Test func `Requests are counted by operation`() throws {
        let fixture = try DevFixture()
        _ = try fixture.token()
        _ = try fixture.token(["client_secret": "wrong"])
        _ = fixture.failure("AmazonSSM.GetParameter", ["Name": "/nope"])
        _ = fixture.failure("AmazonSSM.MadeUp", [:])
        let counts = try JSON(
            parsing: fixture.peers.respond(to: HTTPRequest(method: "GET", target: "/dev/requests")).body)
        #expect(
            counts == [
                "issuer": ["token": 2], "parameter_store": ["GetParameter": 1, "unknown": 1], "secrets_manager": [:],
            ])
        #expect(fixture.peers.counts[.issuer, "token"] == 2)
        #expect(fixture.peers.counts.total(.parameterStore) == 2)
    }

    @Test(arguments: [
        ("GET", "/", 405), ("PUT", "/oauth/token", 405), ("POST", "/.well-known/jwks.json", 405), ("GET", "/else", 404),
        ("POST", "/oauth/token/", 404),
    ])
    func `Unknown paths and methods are rejected`(method: String, target: String, status: Int) throws {
        #expect(try DevFixture().peers.respond(to: HTTPRequest(method: method, target: target)).status == status)
    }

    @Test(arguments: ["", "nonsense", "AmazonSSM", "DynamoDB_20120810.GetItem"])
    func `An unknown target gets AWS's error for it`(target: String) throws {
        let response = try DevFixture().peers.respond(to: DevFixture.request(target, []))
        #expect(response.status == 400)
        #expect(String(decoding: response.body, as: UTF8.self).contains("UnknownOperationException"))
        #expect(response.fields["x-amzn-RequestId"]?.count == 36)
    }

    @Test(arguments: ["", "{", "[]", "null", "\u{FF}"])
    func `A body that is not a JSON object is a serialization error`(body: String) throws {
        let response = try DevFixture().peers.respond(
            to: DevFixture.request("AmazonSSM.GetParameter", Array(body.utf8)))
        #expect(response.status == 400)
        #expect(String(decoding: response.body, as: UTF8.self).contains("SerializationException"))
    }

    @Test func `A queued fault hits one request, and a held fault hits every request`() throws {
        let fixture = try DevFixture()
        fixture.peers.inject([.status(503, ["Retry-After": "1"]), .emptyBody], into: .issuer)
        fixture.peers.hold(.aws(AWSProtocolError("AccessDeniedException", "no")), for: .parameterStore)
        let request = HTTPRequest(method: "POST", target: "/oauth/token")
        #expect(fixture.peers.respond(to: request).status == 503)
        let empty = fixture.peers.respond(to: request)
        #expect(empty.status == 200)
        #expect(empty.body.isEmpty)
        #expect(try fixture.token().status == 200)
        for _ in 1...3 {
            #expect(fixture.failure("AmazonSSM.GetParameter", ["Name": "/a"])?.type == "AccessDeniedException")
        }
        #expect(try fixture.secrets("ListSecrets", [:])["SecretList"] != nil)
        fixture.peers.hold(nil, for: .parameterStore)
        #expect(fixture.failure("AmazonSSM.GetParameter", ["Name": "/a"])?.type == "ParameterNotFound")
    }

    @Test func `A fault afterwards loses the response but not the write`() throws {
        let fixture = try DevFixture()
        fixture.peers.inject([.afterwards(HTTPResponse(status: 500))], into: .parameterStore)
        let input: JSON = ["Name": "/n", "Value": "v", "Type": "String"]
        #expect(fixture.peers.respond(to: DevFixture.request("AmazonSSM.PutParameter", input.bytes())).status == 500)
        #expect(try fixture.ssm("GetParameter", ["Name": "/n"])["Parameter"]?["Value"] == "v")
    }

    @Test func `The issuer client gets tokens from the emulated issuer`() async throws {
        let fixture = try DevFixture { $0.issuerHourlyQuota = 10 }
        let quotas = Inbox<IssuerQuota>()
        let issuer = TokenIssuer(
            transport: fixture.peers.transport,
            time: Timing(now: fixture.clock.source.now, sleep: { _ in }), userAgent: "latchkey/1",
            observe: { quotas.put($0.quota) })
        let endpoint = try TokenEndpoint("http://127.0.0.1:8701/oauth/token")
        for kind in [TokenRequest.Kind.auth0, .oauth2] {
            for authentication in [TokenRequest.ClientAuthentication.post, .basic] {
                let request = TokenRequest(
                    kind: kind, endpoint: endpoint,
                    credentials: ClientCredentials(
                        clientID: fixture.seed.clientID, clientSecret: fixture.seed.clientSecret),
                    audience: fixture.seed.audience, clientAuthentication: authentication)
                let token = try await issuer.issue(request, deadline: .distantFuture)
                #expect(token.expiresIn == .seconds(86_400))
                #expect(quotas.values.last?[.clientHour] != nil)
            }
        }
        let wrong = TokenRequest(
            kind: .auth0, endpoint: endpoint,
            credentials: ClientCredentials(clientID: fixture.seed.clientID, clientSecret: Secret("wrong")))
        await #expect(throws: IssuerError.denied(code: "access_denied")) {
            try await issuer.issue(wrong, deadline: .distantFuture)
        }
    }
}
