import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyUpstream
import Testing

@Suite("The responses of an issuer") struct IssuerOutcomeTests {
    private func body(expiresIn: String) -> HTTPResponse {
        .json(200, #"{"access_token":"abc","token_type":"Bearer","expires_in":\#(expiresIn)}"#)
    }

    @Test func `A token has its lifetime and scope`() async throws {
        let fixture = IssuerFixture(
            .json(200, #"{"access_token":"a.b-c_d~e+f/g==","token_type":"bearer","expires_in":60,"scope":"x y"}"#))
        let token = try await fixture.issue()
        #expect(token.value == Secret("a.b-c_d~e+f/g=="))
        #expect(token.tokenType == "Bearer")
        #expect(token.expiresIn == .seconds(60))
        #expect(token.scope == "x y")
        #expect(fixture.requests.count == 1)
    }

    @Test(arguments: [
        ("3600", Int64(3600)), ("3600.0", 3600), ("3600.5", 3600), (#""3600""#, 3600), ("1e99", 86_400),
        ("86401", 86_400), ("9223372036854775807", 86_400), ("9223372036854775808", 86_400), ("1", 1), ("1.9", 1),
        (#""99999999999999999999999""#, 86_400),
    ])
    func `A lifetime in any form of a number is read, rounded down, and limited to a day`(
        written: String, seconds: Int64
    ) async throws {
        #expect(try await IssuerFixture(body(expiresIn: written)).issue().expiresIn == .seconds(seconds))
    }

    @Test func `A lifetime that is missing or null is nil`() async throws {
        #expect(try await IssuerFixture(body(expiresIn: "null")).issue().expiresIn == nil)
        let fixture = IssuerFixture(.json(200, #"{"access_token":"abc","token_type":"Bearer"}"#))
        #expect(try await fixture.issue().expiresIn == nil)
    }

    @Test(arguments: [
        "0", "-1", "0.5", "-1e99", #""""#, #""0""#, #""-5""#, #""3600.5""#, #"" 3600""#, #""1e3""#, #""soon""#, "true",
        "[3600]", "{}",
    ])
    func `A lifetime that is not valid is refused without another attempt`(written: String) async {
        let fixture = IssuerFixture(body(expiresIn: written))
        #expect(await fixture.error() == .invalid(.expiresIn))
        #expect(fixture.requests.count == 1)
    }

    @Test(arguments: [
        (#"{"token_type":"Bearer"}"#, IssuerError.InvalidResponse.accessToken),
        (#"{"access_token":"","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":null,"token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":12345,"token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":["a"],"token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"a\r\nX-Evil: 1","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"a b","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"a\u0000b","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"tökén","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"a\u007F","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#, .accessToken),
        (#"{"access_token":"a","token_type":"Bearer","expires_in":60,"expires_in":600}"#, .expiresIn),
        (#"{"access_token":"a","token_type":"Bearer","x":1,"\u0078":2}"#, .repeatedMember),
        (#"{"access_token":"a","token_type":"MAC"}"#, .tokenType),
        (#"{"access_token":"a","token_type":"DPoP"}"#, .tokenType),
        (#"{"access_token":"a"}"#, .tokenType),
        (#"{"access_token":"a","token_type":7}"#, .tokenType),
    ])
    func `A response without a bearer token is refused`(
        text: String, reason: IssuerError.InvalidResponse
    ) async {
        let fixture = IssuerFixture(.json(200, text))
        #expect(await fixture.error() == .invalid(reason))
        #expect(fixture.requests.count == 1)
    }

    @Test func `A profile can accept other types and statuses, compared exactly`() async throws {
        func issue(_ status: Int, _ type: String, _ policy: TokenResponsePolicy) async throws -> TokenResponse {
            var request = IssuerFixture.request(.oauth2)
            request.responsePolicy = policy
            return try await IssuerFixture(.json(status, #"{"access_token":"a"\#(type)}"#)).issue(request)
        }
        let types = TokenResponsePolicy(tokenTypes: ["", "N_A"])
        #expect(try await issue(200, "", types).tokenType == "Bearer")
        #expect(try await issue(200, #","token_type":null"#, types).tokenType == "Bearer")
        #expect(try await issue(200, #","token_type":"N_A""#, types).tokenType == "Bearer")
        for refused in [#""n_a""#, #""""#, "7", #""mac""#] {
            await #expect(throws: IssuerError.invalid(.tokenType)) {
                try await issue(200, #","token_type":\#(refused)"#, types)
            }
        }
        #expect(
            try await issue(201, #","token_type":"bearer""#, TokenResponsePolicy(statuses: [201])).value == Secret("a"))
        await #expect(throws: IssuerError.invalid(.unexpectedStatus)) {
            try await issue(202, #","token_type":"bearer""#, TokenResponsePolicy(statuses: [201]))
        }
    }

    @Test func `A token can have every visible character`() async throws {
        let visible = String(decoding: (0x21...0x7E).map { UInt8($0) }, as: UTF8.self)
        let body = JSON.object(["access_token": .string(visible), "token_type": "Bearer"]).text
        #expect(try await IssuerFixture(.json(200, body)).issue().value == Secret(visible))
    }

    @Test func `A token of 16 KiB is accepted and one byte more is not`() async throws {
        func answer(_ count: Int) -> HTTPResponse {
            .json(200, #"{"access_token":"\#(String(repeating: "a", count: count))","token_type":"Bearer"}"#)
        }
        #expect(try await IssuerFixture(answer(16_384)).issue().value.count == 16_384)
        #expect(await IssuerFixture(answer(16_385)).error() == .invalid(.accessToken))
    }

    @Test func `A scope that is not valid is dropped`() async throws {
        for scope in [#""""#, #""a\"b""#, #""a\nb""#, "[]", "1"] {
            let text = #"{"access_token":"a","token_type":"Bearer","scope":\#(scope)}"#
            #expect(try await IssuerFixture(.json(200, text)).issue().scope == nil)
        }
    }

    // RFC 6749 §5.2, and the codes of Auth0.
    @Test(arguments: [
        (
            401, #"{"error":"access_denied","error_description":"Unauthorized"}"#,
            IssuerError.denied(code: "access_denied")
        ),
        (
            403, #"{"error":"access_denied","error_description":"Client is not authorized"}"#,
            .denied(code: "access_denied")
        ),
        (403, "", .denied(code: "http_403")),
        (400, #"{"error":"invalid_client"}"#, .denied(code: "invalid_client")),
        (400, #"{"error":"unauthorized_client"}"#, .denied(code: "unauthorized_client")),
        (400, #"{"error":"invalid_scope"}"#, .denied(code: "invalid_scope")),
        (400, "", .denied(code: "http_400")),
        (404, "<html>", .denied(code: "http_404")),
        (401, #"{"error":"secret=s3cr&t"}"#, .denied(code: "http_401")),
        (401, #"{"error":"Access_Denied"}"#, .denied(code: "http_401")),
        (401, #"{"error":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#, .denied(code: "http_401")),
        (401, #"{"error":{"code":"x"}}"#, .denied(code: "http_401")),
        (302, "", .invalid(.redirect)),
        (307, "", .invalid(.redirect)),
        (204, "", .invalid(.unexpectedStatus)),
        (201, #"{"access_token":"a","token_type":"Bearer"}"#, .invalid(.unexpectedStatus)),
        (
            500, #"{"error":"access_denied","error_description":"Global limit has been reached"}"#,
            .throttled(retryAfter: nil)
        ),
        (429, "", .throttled(retryAfter: nil)),
    ])
    func `A refusal is final and has only a code`(status: Int, text: String, error: IssuerError) async {
        let fixture = IssuerFixture(.json(status, text, ["Location": "http://169.254.169.254/latest/meta-data/"]))
        #expect(await fixture.error() == error)
        #expect(fixture.requests.count == 1)
    }

    // The clock of the fixture is at 1700000000 = Tue, 14 Nov 2023 22:13:20 GMT.
    static let throttles: [(HTTPFields, Duration)] = [
        (["Retry-After": "7"], .seconds(7)),
        (["Retry-After": "0"], .zero),
        (["Retry-After": "Tue, 14 Nov 2023 22:13:50 GMT"], .seconds(30)),
        (["Retry-After": "Tue, 14 Nov 2023 22:13:00 GMT"], .zero),
        (["x-ratelimit-reset": "1700000012"], .seconds(12)),
        (["Retry-After": "3", "x-ratelimit-reset": "1700000012"], .seconds(3)),
        (["Retry-After": "soon", "x-ratelimit-reset": "1700000012"], .seconds(12)),
        (["x-ratelimit-reset": "99999999999999999999"], .seconds(86_400)),
        (["Retry-After": "99999999999999999999"], .seconds(86_400)),
        // A difference between the clocks, which Date shows, has no effect.
        (["Date": "Tue, 14 Nov 2023 23:13:20 GMT", "x-ratelimit-reset": "1700003612"], .seconds(12)),
        (["Auth0-Client-Quota-Limit": "b=per_hour;q=9;r=0;t=3540,b=per_day;q=9;r=7;t=43200"], .seconds(3540)),
    ]

    @Test(arguments: throttles)
    func `Throttling says how long to wait`(fields: HTTPFields, wait: Duration) async {
        let fixture = IssuerFixture(.json(429, #"{"error":"too_many_requests"}"#, fields))
        #expect(await fixture.error() == .throttled(retryAfter: wait))
        #expect(fixture.requests.count == 1)
        #expect(fixture.waits.isEmpty)
    }

    @Test func `Allowances are read in both forms`() async throws {
        var response = HTTPResponse.token
        response.fields["x-ratelimit-remaining"] = "29"
        response.fields["Auth0-Client-Quota-Limit"] = "per_hour;q=10;r=7;t=3540, b=per_day;q=50;r=47;t=43200"
        response.fields["Auth0-Organization-Quota-Limit"] = "b=per_hour;q=1;r=x;t=1,b=per_week;r=3;;=,b=per_day;r=2"
        let fixture = IssuerFixture(response)
        _ = try await fixture.issue()
        let quota = try #require(fixture.events.first?.quota)
        #expect(
            quota.allowances == [
                .init(bucket: .rate, remaining: 29),
                .init(bucket: .clientHour, remaining: 7, limit: 10, resetsAfter: .seconds(3540)),
                .init(bucket: .clientDay, remaining: 47, limit: 50, resetsAfter: .seconds(43_200)),
                .init(bucket: .organizationDay, remaining: 2),
            ])
    }
}
