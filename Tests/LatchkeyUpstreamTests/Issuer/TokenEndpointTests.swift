import LatchkeyHTTP
import LatchkeyUpstream
import Testing

@Suite("The URL of a token endpoint") struct TokenEndpointTests {
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
    func `An absolute URL is parsed`(url: String, written: String, port: UInt16) throws {
        let endpoint = try TokenEndpoint(url)
        #expect(endpoint.description == written)
        #expect(endpoint.origin.port == port)
    }

    @Test(arguments: [
        ("http://tenant.auth0.com/oauth/token", TokenEndpoint.Rejection.plainText),
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
    func `A URL that could send the secret elsewhere is refused`(url: String, rejection: TokenEndpoint.Rejection) {
        #expect(throws: rejection) { try TokenEndpoint(url) }
    }

    @Test(arguments: ["tenant.auth0.com", "https://tenant.auth0.com", "https://tenant.auth0.com/"])
    func `An Auth0 domain gives its token endpoint`(domain: String) throws {
        #expect(try TokenEndpoint.auth0(domain: domain).description == "https://tenant.auth0.com/oauth/token")
    }

    @Test(arguments: ["", "tenant.auth0.com/x", "http://tenant.auth0.com", "a@b", "tenant.auth0.com?x"])
    func `A text that is not an Auth0 domain is refused`(domain: String) {
        #expect(throws: TokenEndpoint.Rejection.self) { try TokenEndpoint.auth0(domain: domain) }
    }
}
