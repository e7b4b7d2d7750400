import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyUpstream
import Testing

@Suite struct `What an issuer is sent` {
    @Test func `Auth0 is sent JSON with the audience and nothing empty`() async throws {
        let bench = IssuerBench(.token)
        var request = IssuerBench.request()
        request.scope = ""
        request.organization = nil
        _ = try await bench.issue(request)
        let sent = try #require(bench.requests.first)
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
        #expect(bench.origins == [Origin(scheme: .https, host: "tenant.example", port: 443)])
    }

    @Test func `Organization and scope go along when they are set`() async throws {
        let bench = IssuerBench(.token)
        var request = IssuerBench.request()
        request.scope = "read:a write:b"
        request.organization = "org_1"
        _ = try await bench.issue(request)
        let body = try JSON(parsing: try #require(bench.requests.first).body)
        #expect(body["scope"] == "read:a write:b")
        #expect(body["organization"] == "org_1")
    }

    @Test func `A plain OAuth issuer is sent a form with the secret escaped`() async throws {
        let bench = IssuerBench(.token)
        var request = IssuerBench.request(.oauth2)
        request.extra = ["resource": "a b", "client_id": "another"]
        _ = try await bench.issue(request)
        let sent = try #require(bench.requests.first)
        #expect(sent.fields["Content-Type"] == "application/x-www-form-urlencoded")
        #expect(
            String(decoding: sent.body, as: UTF8.self)
                == "grant_type=client_credentials&client_id=id%3A1&client_secret=s3cr%26t"
                + "&audience=https%3A%2F%2Fapi&resource=a%20b")
    }

    @Test(arguments: [TokenRequest.Kind.auth0, .oauth2])
    func `With Basic the secret is in the header alone, each half escaped first`(kind: TokenRequest.Kind) async throws {
        let bench = IssuerBench(.token)
        _ = try await bench.issue(IssuerBench.request(kind, authentication: .basic))
        let sent = try #require(bench.requests.first)
        let wanted = "Basic " + Base64.encode("id%3A1:s3cr%26t".utf8)
        #expect(sent.fields["Authorization"] == wanted)
        #expect(!String(decoding: sent.body, as: UTF8.self).contains("s3cr"))
        #expect(!String(decoding: sent.body, as: UTF8.self).contains("client_id"))
    }
}

@Suite struct `A token URL` {
    @Test(arguments: [
        ("https://tenant.auth0.com/oauth/token", "https://tenant.auth0.com/oauth/token", UInt16(443)),
        ("HTTPS://Tenant.Auth0.com/oauth/token", "https://tenant.auth0.com/oauth/token", 443),
        ("https://host:8443/t?x=1", "https://host:8443/t?x=1", 8443),
        ("https://host", "https://host/", 443),
        ("https://host?x=1", "https://host/?x=1", 443),
        ("https://[2001:db8::1]:9/t", "https://[2001:db8::1]:9/t", 9),
        ("http://127.0.0.1:8080/oauth/token", "http://127.0.0.1:8080/oauth/token", 8080),
        ("http://127.9.9.9/t", "http://127.9.9.9/t", 80),
        ("http://localhost:1/t", "http://localhost:1/t", 1),
        ("http://[::1]:1/t", "http://[::1]:1/t", 1),
    ])
    func `An absolute URL is taken apart`(url: String, written: String, port: UInt16) throws {
        let endpoint = try TokenEndpoint(url)
        #expect(endpoint.description == written)
        #expect(endpoint.origin.port == port)
    }

    @Test(arguments: [
        ("http://tenant.auth0.com/oauth/token", TokenEndpoint.Refusal.plainText),
        ("http://127.0.0.1.example/t", .plainText),
        ("http://127.0.0/t", .plainText),
        ("http://0.0.0.0/t", .plainText),
        ("http://localhost.example/t", .plainText),
        ("https://user:pass@host/t", .userInfo),
        ("http://127.0.0.1@evil.example/t", .userInfo),
        ("https://host/t#part", .fragment),
        ("https://host#@evil/t", .fragment),
        ("ftp://host/t", .malformed),
        ("host/t", .malformed),
        ("", .malformed),
        ("https://", .malformed),
        ("https:///t", .malformed),
        ("https://host:0/t", .malformed),
        ("https://host:65536/t", .malformed),
        ("https://host:/t", .malformed),
        ("https://ho st/t", .malformed),
        ("https://host/t\r\nX: y", .malformed),
        ("https://host\\@evil/t", .malformed),
        ("https://hôst/t", .malformed),
        ("https://[::1/t", .malformed),
        ("https://::1/t", .malformed),
        ("https://ho%41st/t", .malformed),
    ])
    func `What could send the secret elsewhere is refused`(url: String, refusal: TokenEndpoint.Refusal) {
        #expect(throws: refusal) { try TokenEndpoint(url) }
    }

    @Test(arguments: ["tenant.auth0.com", "https://tenant.auth0.com", "https://tenant.auth0.com/"])
    func `An Auth0 domain leads to its token endpoint`(domain: String) throws {
        #expect(try TokenEndpoint.auth0(domain: domain).description == "https://tenant.auth0.com/oauth/token")
    }

    @Test(arguments: ["", "tenant.auth0.com/x", "http://tenant.auth0.com", "a@b", "tenant.auth0.com?x"])
    func `What is no Auth0 domain is refused`(domain: String) {
        #expect(throws: TokenEndpoint.Refusal.self) { try TokenEndpoint.auth0(domain: domain) }
    }
}
