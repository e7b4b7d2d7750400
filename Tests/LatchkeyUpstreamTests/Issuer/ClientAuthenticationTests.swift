import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite("Requests to issuers of several products") struct ClientAuthenticationTests {
    static let vectors = Result { try Fixture.json("oauth/token_requests.json") }
    static let cases = (try? vectors.get()["cases"]?.array) ?? []

    @Test func `The fixture has all vectors`() throws {
        #expect(try Self.vectors.get()["cases"]?.array?.count == 7)
    }

    @Test(arguments: cases)
    func `The request is the product's own, byte for byte`(vector: JSON) throws {
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

    @Test func `An assertion is valid for one minute, and each attempt has its own`() async throws {
        let fixture = IssuerFixture(.json(500, ""), .token)
        var request = IssuerFixture.request(.oauth2, authentication: .privateKeyJWT(keyID: nil))
        request.credentials.clientSecret = Secret(try Fixture.bytes("keys/p256-sec1.pem"))
        _ = try await fixture.issue(request)
        let claims = try fixture.requests.map { request in
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

    @Test func `No request is sent if the key cannot sign`() async {
        let fixture = IssuerFixture(.token)
        let request = IssuerFixture.request(.oauth2, authentication: .privateKeyJWT(keyID: nil))
        await #expect(throws: IssuerError.unusableKey(.notAKey)) { try await fixture.issue(request) }
        #expect(fixture.requests.isEmpty)
    }
}
