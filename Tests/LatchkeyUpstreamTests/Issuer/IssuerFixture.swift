import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization

/// A `TokenIssuer` with scripted responses and a clock that moves only when the issuer waits.
final class IssuerFixture: Sendable {
    typealias Step = Result<HTTPResponse, HTTPClientError>

    private struct Record {
        var steps: [Step]
        var requests: [HTTPRequest] = []
        var origins: [Origin] = []
        var waits: [Duration] = []
        var events: [IssuerCallEvent] = []
    }

    let clock = ManualClock()
    private let record: Mutex<Record>
    private let jitter: Double

    /// - Parameter jitter: the result of every random draw, in 0..<1.
    init(_ steps: [Step], jitter: Double = 0.5) {
        record = Mutex(Record(steps: steps))
        self.jitter = jitter
    }

    convenience init(_ responses: HTTPResponse..., jitter: Double = 0.5) {
        self.init(responses.map(Step.success), jitter: jitter)
    }

    var requests: [HTTPRequest] { record.withLock(\.requests) }
    var origins: [Origin] { record.withLock(\.origins) }
    var waits: [Duration] { record.withLock(\.waits) }
    var events: [IssuerCallEvent] { record.withLock(\.events) }

    var issuer: TokenIssuer {
        TokenIssuer(
            transport: { [self] request, origin, _ async throws(HTTPClientError) in
                let step = record.withLock { record -> Step in
                    record.requests.append(request)
                    record.origins.append(origin)
                    return record.steps.isEmpty ? .failure(.shutDown) : record.steps.removeFirst()
                }
                return try step.get()
            },
            time: Timing(
                now: clock.source.now,
                sleep: { [self] time in
                    let wait = time - clock.now.monotonic
                    record.withLock { $0.waits.append(wait) }
                    clock.advance(by: wait)
                },
                jitter: { [self] in jitter }),
            userAgent: "latchkey/1.2.3",
            observe: { [self] event in record.withLock { $0.events.append(event) } })
    }

    /// Requests one token. The deadline is in five seconds unless the test gives another.
    func issue(
        _ request: TokenRequest? = nil, within: Duration = .seconds(5)
    ) async throws(IssuerError) -> TokenResponse {
        let deadline = clock.now.monotonic + within
        return try await issuer.issue(request ?? Self.request(), deadline: deadline)
    }

    /// The error of one call; nil if it got a token.
    func error(within: Duration = .seconds(5)) async -> IssuerError? {
        do throws(IssuerError) {
            _ = try await issue(within: within)
            return nil
        } catch {
            return error
        }
    }

    static func request(
        _ kind: TokenRequest.Kind = .auth0, url: String = "https://tenant.example/oauth/token",
        authentication: TokenRequest.ClientAuthentication = .post
    ) -> TokenRequest {
        guard let endpoint = try? TokenEndpoint(url) else { preconditionFailure("the test's URL is not valid") }
        return TokenRequest(
            kind: kind, endpoint: endpoint,
            credentials: ClientCredentials(clientID: "id:1", clientSecret: Secret("s3cr&t")), audience: "https://api",
            clientAuthentication: authentication)
    }
}

extension HTTPResponse {
    /// A JSON response.
    static func json(_ status: Int, _ text: String, _ fields: HTTPFields = [:]) -> HTTPResponse {
        var fields = fields
        fields["Content-Type"] = "application/json"
        return HTTPResponse(status: status, fields: fields, body: Array(text.utf8))
    }

    static var token: HTTPResponse {
        .json(200, #"{"access_token":"abc.def","token_type":"Bearer","expires_in":86400}"#)
    }
}
