import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyUpstream
import Testing

@Suite("The request to an issuer") struct TokenRequestTests {
    @Test func `The request to Auth0 is JSON with the audience and without empty members`() async throws {
        let fixture = IssuerFixture(.token)
        var request = IssuerFixture.request()
        request.scope = ""
        request.organization = nil
        _ = try await fixture.issue(request)
        let sent = try #require(fixture.requests.first)
        #expect(sent.method == "POST")
        #expect(sent.target == "/oauth/token")
        #expect(sent.fields["Content-Type"] == "application/json")
        #expect(sent.fields["Accept"] == "application/json")
        #expect(sent.fields["User-Agent"] == "latchkey/1.2.3")
        #expect(
            try JSON(parsing: sent.body) == [
                "grant_type": "client_credentials", "client_id": "id:1", "client_secret": "s3cr&t",
                "audience": "https://api",
            ])
        #expect(fixture.origins == [Origin(scheme: .https, host: "tenant.example", port: 443)])
    }

    @Test func `The request has organization and scope if they are set`() async throws {
        let fixture = IssuerFixture(.token)
        var request = IssuerFixture.request()
        request.scope = "read:a write:b"
        request.organization = "org_1"
        _ = try await fixture.issue(request)
        let body = try JSON(parsing: try #require(fixture.requests.first).body)
        #expect(body["scope"] == "read:a write:b")
        #expect(body["organization"] == "org_1")
    }

    @Test func `The request to an OAuth issuer is a form with the secret escaped`() async throws {
        let fixture = IssuerFixture(.token)
        var request = IssuerFixture.request(.oauth2)
        request.extra = ["resource": "a b", "client_id": "another"]
        _ = try await fixture.issue(request)
        let sent = try #require(fixture.requests.first)
        #expect(sent.fields["Content-Type"] == "application/x-www-form-urlencoded")
        #expect(
            String(decoding: sent.body, as: UTF8.self)
                == "grant_type=client_credentials&client_id=id%3A1&client_secret=s3cr%26t"
                + "&audience=https%3A%2F%2Fapi&resource=a%20b")
    }

    @Test(arguments: [TokenRequest.Kind.auth0, .oauth2])
    func `With Basic the secret is only in the header, id and secret escaped before they are joined`(
        kind: TokenRequest.Kind
    ) async throws {
        let fixture = IssuerFixture(.token)
        _ = try await fixture.issue(IssuerFixture.request(kind, authentication: .basic))
        let sent = try #require(fixture.requests.first)
        let wanted = "Basic " + Base64.encode("id%3A1:s3cr%26t".utf8)
        #expect(sent.fields["Authorization"] == wanted)
        #expect(!String(decoding: sent.body, as: UTF8.self).contains("s3cr"))
        #expect(!String(decoding: sent.body, as: UTF8.self).contains("client_id"))
    }
}
