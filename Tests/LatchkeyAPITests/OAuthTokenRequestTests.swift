import LatchkeyAPI
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

/// One token request of `Tests/Fixtures/oauth`.
struct OAuthCase: CustomTestStringConvertible, Sendable {
    let name: String
    let json: JSON

    var testDescription: String { name }

    static let all: [OAuthCase] = ((try? Fixture.json("oauth/requests.json"))?["cases"]?.array ?? []).compactMap {
        json in
        guard let name = json["name"]?.string, json["source"]?.string?.isEmpty == false else { return nil }
        return OAuthCase(name: name, json: json)
    }

    /// The decoded request in the form of the fixture.
    func read() -> JSON {
        let body = Array((json["body"]?.string ?? "").utf8)
        let authorization = json["authorization"]?.string.map { Array($0.utf8) }
        do throws(OAuthError) {
            return Self.shown(
                try OAuthTokenRequest(contentType: json["type"]?.string, authorization: authorization, body: body))
        } catch {
            return ["error": .string(error.code.rawValue)]
        }
    }

    private static func shown(_ request: OAuthTokenRequest) -> JSON {
        var shown: JSONObject = [
            "grant": request.grantType.map { .string($0) } ?? .null,
            "audience": request.audience.map { .string($0) } ?? .null,
            "scope": .array(request.scope.map { .string($0) }),
        ]
        switch request.client {
        case .absent: shown["client"] = "absent"
        case .unreadable: shown["client"] = "unreadable"
        case .presented(let readings):
            shown["clients"] = .array(
                readings.map { .array([.string($0.id), .string($0.secret.revealText() ?? "")]) })
        }
        return .object(shown)
    }
}

@Suite("OAuth token requests") struct OAuthTokenRequestTests {
    @Test(arguments: OAuthCase.all)
    func `A request is decoded as its RFC requires`(case: OAuthCase) {
        #expect(`case`.read() == `case`.json["expect"])
    }

    @Test func `The shared table has the required cases`() {
        #expect(OAuthCase.all.count >= 60)
    }

    @Test func `Every refusal has a status and characters that its RFC allows`() throws {
        for code in OAuthError.Code.allCases {
            let error = OAuthError(code, "a \"quoted\" \\ detail\n")
            #expect(error.status == (code == .invalidClient ? 401 : 400))
            let body = try JSON(parsing: error.body())
            #expect(body == ["error": .string(code.rawValue), "error_description": "a quoted  detail"])
        }
    }

    @Test(arguments: [
        (400, Problem.Code.unknownParameter, OAuthError.Code.invalidRequest),
        (405, .methodNotAllowed, .invalidRequest), (502, .upstreamDenied, .serverError),
        (503, .upstreamThrottled, .temporarilyUnavailable), (504, .upstreamTimeout, .serverError),
        (500, .internal, .serverError),
    ])
    func `A problem keeps its status and its Retry-After`(status: Int, code: Problem.Code, word: OAuthError.Code) {
        var problem = Problem(status, code, "no")
        problem.retryAfter = 7
        problem.allow = "POST"
        let error = OAuthError(problem)
        #expect(error.status == status && error.code == word && error.detail == "no")
        #expect(error.retryAfter == 7 && error.allow == "POST")
    }
}
