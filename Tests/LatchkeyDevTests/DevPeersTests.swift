import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite struct `Three peers behind one address` {
    @Test func `They start with the guide's secrets in both stores and no token`() throws {
        let bench = try DevBench()
        let parameter = try bench.ssm("GetParameter", ["Name": "/your-app/dev/secrets", "WithDecryption": true])
        let text = try #require(parameter["Parameter"]?["Value"]?.string)
        let blob = try JSON(parsing: text.utf8)
        #expect(blob["AUTH0_CLIENT_ID"] == "latchkey-dev-client")
        #expect(blob["AUTH0_CLIENT_SECRET"] == "dev-client-secret")
        #expect(blob["AUTH0_AUDIENCE"]?.string == bench.seed.audience)
        #expect(blob["AUTH0_DOMAIN"] != nil)
        #expect(blob["db"]?["password"] != nil)
        let secret = try bench.secrets("GetSecretValue", ["SecretId": "your-app/dev/secrets"])
        #expect(secret["SecretString"]?.string == text)
        let names = try bench.ssm("GetParametersByPath", ["Path": "/your-app/dev", "Recursive": true])
        #expect(
            names["Parameters"]?.array?.compactMap { $0["Name"]?.string } == [
                "/your-app/dev/db/password", "/your-app/dev/log-level", "/your-app/dev/mongodb-uri",
                "/your-app/dev/secrets",
            ])
    }

    @Test func `Keys are new for every start and never shown`() {
        let one = DevSeed.random()
        let two = DevSeed.random()
        #expect(one.clientSecret != two.clientSecret)
        #expect(one.secretAccessKey != two.secretAccessKey)
        #expect(one.key != two.key)
        #expect(one.secretAccessKey.count == 40)
        #expect(!"\(one)".contains(one.clientSecret.revealText() ?? ""))
    }

    @Test func `They count what they were asked`() throws {
        let bench = try DevBench()
        _ = try bench.token()
        _ = try bench.token(["client_secret": "wrong"])
        _ = bench.failure("AmazonSSM.GetParameter", ["Name": "/nope"])
        _ = bench.failure("AmazonSSM.MadeUp", [:])
        let told = try JSON(
            parsing: bench.peers.respond(to: HTTPRequest(method: "GET", target: "/dev/requests")).body)
        #expect(
            told == [
                "issuer": ["token": 2], "parameter_store": ["GetParameter": 1, "unknown": 1], "secrets_manager": [:],
            ])
        #expect(bench.peers.counts[.issuer, "token"] == 2)
        #expect(bench.peers.counts.total(.parameterStore) == 2)
    }

    @Test(arguments: [
        ("GET", "/", 405), ("PUT", "/oauth/token", 405), ("POST", "/.well-known/jwks.json", 405), ("GET", "/else", 404),
        ("POST", "/oauth/token/", 404),
    ])
    func `Other requests are refused`(method: String, target: String, status: Int) throws {
        #expect(try DevBench().peers.respond(to: HTTPRequest(method: method, target: target)).status == status)
    }

    @Test(arguments: ["", "nonsense", "AmazonSSM", "DynamoDB_20120810.GetItem"])
    func `A target nobody knows is AWS's own error`(target: String) throws {
        let response = try DevBench().peers.respond(to: DevBench.request(target, []))
        #expect(response.status == 400)
        #expect(String(decoding: response.body, as: UTF8.self).contains("UnknownOperationException"))
        #expect(response.fields["x-amzn-RequestId"]?.count == 36)
    }

    @Test(arguments: ["", "{", "[]", "null", "\u{FF}"])
    func `A body that is no JSON object is a serialization error`(body: String) throws {
        let response = try DevBench().peers.respond(to: DevBench.request("AmazonSSM.GetParameter", Array(body.utf8)))
        #expect(response.status == 400)
        #expect(String(decoding: response.body, as: UTF8.self).contains("SerializationException"))
    }

    @Test func `Faults befall the requests they are meant for, each once, a held one always`() throws {
        let bench = try DevBench()
        bench.peers.inject([.status(503, ["Retry-After": "1"]), .emptyBody], into: .issuer)
        bench.peers.hold(.aws(AWSFault("AccessDeniedException", "no")), for: .parameterStore)
        let request = HTTPRequest(method: "POST", target: "/oauth/token")
        #expect(bench.peers.respond(to: request).status == 503)
        let empty = bench.peers.respond(to: request)
        #expect(empty.status == 200)
        #expect(empty.body.isEmpty)
        #expect(try bench.token().status == 200)
        for _ in 1...3 {
            #expect(bench.failure("AmazonSSM.GetParameter", ["Name": "/a"])?.type == "AccessDeniedException")
        }
        #expect(try bench.secrets("ListSecrets", [:])["SecretList"] != nil)
        bench.peers.hold(nil, for: .parameterStore)
        #expect(bench.failure("AmazonSSM.GetParameter", ["Name": "/a"])?.type == "ParameterNotFound")
    }

    @Test func `A fault afterwards loses the answer and not the work`() throws {
        let bench = try DevBench()
        bench.peers.inject([.afterwards(HTTPResponse(status: 500))], into: .parameterStore)
        let input: JSON = ["Name": "/n", "Value": "v", "Type": "String"]
        #expect(bench.peers.respond(to: DevBench.request("AmazonSSM.PutParameter", input.bytes())).status == 500)
        #expect(try bench.ssm("GetParameter", ["Name": "/n"])["Parameter"]?["Value"] == "v")
    }

    @Test func `The issuer client gets its token from the issuer`() async throws {
        let bench = try DevBench { $0.issuerHourlyQuota = 10 }
        let quotas = Inbox<IssuerQuota>()
        let issuer = TokenIssuer(
            transport: bench.peers.transport,
            time: TimeSource(now: bench.clock.source.now, sleep: { _ in }), userAgent: "latchkey/1",
            observe: { quotas.put($0.quota) })
        let endpoint = try TokenEndpoint("http://127.0.0.1:8701/oauth/token")
        for kind in [TokenRequest.Kind.auth0, .oauth2] {
            for authentication in [TokenRequest.ClientAuthentication.post, .basic] {
                let request = TokenRequest(
                    kind: kind, endpoint: endpoint,
                    credentials: ClientCredentials(
                        clientID: bench.seed.clientID, clientSecret: bench.seed.clientSecret),
                    audience: bench.seed.audience, clientAuthentication: authentication)
                let token = try await issuer.issue(request, deadline: .distantFuture)
                #expect(token.expiresIn == .seconds(86_400))
                #expect(quotas.values.last?[.clientHour] != nil)
            }
        }
        let wrong = TokenRequest(
            kind: .auth0, endpoint: endpoint,
            credentials: ClientCredentials(clientID: bench.seed.clientID, clientSecret: Secret("wrong")))
        await #expect(throws: IssuerError.denied(code: "access_denied")) {
            try await issuer.issue(wrong, deadline: .distantFuture)
        }
    }
}
