import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@Suite("The emulated issuer") struct IssuerTests {
    private func claims(_ token: String) throws -> JSON {
        let parts = token.split(separator: ".")
        try #require(parts.count == 3)
        return try JSON(parsing: try #require(Base64.decodeURL(parts[1])))
    }

    @Test func `It issues an RS256 token with Auth0's claims`() throws {
        let fixture = try DevFixture()
        let answer = try fixture.token()
        #expect(answer.status == 200)
        #expect(answer.body["token_type"] == "Bearer")
        #expect(answer.body["expires_in"] == 86_400)
        #expect(answer.body["scope"] == "read:items write:items")
        #expect(answer.fields["Cache-Control"] == "no-store")
        let token = try #require(answer.body["access_token"]?.string)
        let header = try JSON(parsing: try #require(Base64.decodeURL(token.prefix { $0 != "." })))
        let keys = try JSON(
            parsing: fixture.peers.respond(to: HTTPRequest(method: "GET", target: "/.well-known/jwks.json")).body)
        #expect(header["alg"] == "RS256")
        #expect(header["kid"] == keys["keys"]?.array?.first?["kid"])
        #expect(keys["keys"]?.array?.first?["d"] == nil)
        var claims = try self.claims(token).object ?? [:]
        #expect(claims["jti"]?.string?.count == 36)
        claims["jti"] = nil
        #expect(
            JSON.object(claims) == [
                "iss": "http://127.0.0.1:8701/", "sub": "latchkey-dev-client@clients",
                "aud": .string(fixture.seed.audience),
                "iat": 1_700_000_000, "exp": 1_700_086_400, "azp": "latchkey-dev-client", "gty": "client-credentials",
                "scope": "read:items write:items",
            ])
    }

    @Test func `Every token is different`() throws {
        let fixture = try DevFixture()
        #expect(try fixture.token().body["access_token"] != fixture.token().body["access_token"])
    }

    @Test func `The token lifetime is configurable and can be changed`() throws {
        let fixture = try DevFixture { $0.tokenLifetime = .seconds(60) }
        #expect(try fixture.token().body["expires_in"] == 60)
        fixture.peers.setTokenLifetime(.seconds(2))
        #expect(try fixture.token().body["expires_in"] == 2)
    }

    @Test func `A form, Basic authentication and a request without an audience are accepted`() throws {
        let fixture = try DevFixture()
        let form = "application/x-www-form-urlencoded; charset=utf-8"
        let posted = try fixture.post(
            form,
            Array("grant_type=client_credentials&client_id=latchkey-dev-client&client_secret=dev-client-secret".utf8))
        #expect(posted.status == 200)
        let basic = "Basic " + Base64.encode("latchkey-dev-client:dev-client-secret".utf8)
        let body = Array("grant_type=client_credentials&scope=read%3Aitems".utf8)
        #expect(try fixture.post(form, body, authorization: basic).body["scope"] == "read:items")
    }

    @Test func `A null organization is ignored`() throws {
        let fixture = try DevFixture()
        let body: JSON = [
            "grant_type": "client_credentials", "client_id": "latchkey-dev-client",
            "client_secret": "dev-client-secret",
            "audience": .string(fixture.seed.audience), "organization": nil,
        ]
        #expect(try fixture.post("application/json", body.bytes()).status == 200)
    }

    // RFC 6749 §5.2, with Auth0's status codes and error texts.
    @Test(
        arguments: [
            (["client_secret": "wrong"], 401, "access_denied", "Unauthorized"),
            (["client_id": "unknown"], 401, "access_denied", "Unauthorized"),
            (["client_secret": nil], 401, "access_denied", "Unauthorized"),
            (["audience": "https://other"], 403, "access_denied", "client-grant"),
            (["scope": "read:items delete:all"], 403, "access_denied", "not been granted scopes: delete:all"),
            (["grant_type": "password"], 400, "unsupported_grant_type", "password"),
            (["grant_type": nil], 400, "invalid_request", "grant_type"),
            (["client_id": nil], 400, "invalid_request", "client_id"),
        ] as [(JSONObject, Int, String, String)])
    func `A rejected request gets Auth0's status and error`(
        changes: JSONObject, status: Int, error: String, messagePart: String
    ) throws {
        let answer = try DevFixture().token(changes)
        #expect(answer.status == status)
        #expect(answer.body["error"]?.string == error)
        #expect(answer.body["access_token"] == nil)
        if messagePart != "password" {
            #expect(answer.body["error_description"]?.string?.contains(messagePart) == true)
        }
    }

    @Test(arguments: [
        ("application/json", "{"), ("application/json", "[]"), ("text/plain", "grant_type=client_credentials"),
        ("application/x-www-form-urlencoded", "grant_type=a&grant_type=b"),
        ("application/x-www-form-urlencoded", "grant_type=%zz"),
    ])
    func `A malformed body is an invalid request`(type: String, body: String) throws {
        let answer = try DevFixture().post(type, Array(body.utf8))
        #expect(answer.status == 400)
        #expect(answer.body["error"] == "invalid_request")
    }

    @Test func `A wrong secret with Basic authentication gets a challenge`() throws {
        let answer = try DevFixture().post(
            "application/x-www-form-urlencoded", Array("grant_type=client_credentials".utf8),
            authorization: "Basic " + Base64.encode("latchkey-dev-client:wrong".utf8))
        #expect(answer.status == 401)
        #expect(answer.fields["WWW-Authenticate"]?.hasPrefix("Basic") == true)
    }

    @Test func `More than thirty requests in a second get 429 with the reset time`() throws {
        let fixture = try DevFixture { $0.limitsIssuer = true }
        for left in (0..<30).reversed() {
            let answer = try fixture.token()
            #expect(answer.status == 200)
            #expect(answer.fields["x-ratelimit-remaining"] == "\(left)")
        }
        let refused = try fixture.token()
        #expect(refused.status == 429)
        #expect(refused.body["error"] == "too_many_requests")
        #expect(refused.fields["x-ratelimit-reset"] == "1700000001")
        fixture.clock.advance(by: .seconds(1))
        #expect(try fixture.token().status == 200)
    }

    @Test func `The hourly quota is in its header and resets with the hour`() throws {
        let fixture = try DevFixture { $0.issuerHourlyQuota = 2 }
        // 1700000000 is 800 seconds into its hour.
        #expect(try fixture.token().fields["Auth0-Client-Quota-Limit"] == "b=per_hour;q=2;r=1;t=2800")
        #expect(try fixture.token().status == 200)
        #expect(try fixture.token().status == 429)
        fixture.clock.advance(by: .seconds(2800))
        #expect(try fixture.token().fields["Auth0-Client-Quota-Limit"] == "b=per_hour;q=2;r=1;t=3600")
    }

    @Test func `The discovery document has the URLs of the request`() throws {
        let request = HTTPRequest(
            method: "GET", target: "/.well-known/openid-configuration", fields: ["Host": "localhost:1"])
        let answer = try JSON(parsing: try DevFixture().peers.respond(to: request).body)
        #expect(answer["issuer"] == "http://localhost:1/")
        #expect(answer["token_endpoint"] == "http://localhost:1/oauth/token")
        #expect(answer["jwks_uri"] == "http://localhost:1/.well-known/jwks.json")
    }
}
