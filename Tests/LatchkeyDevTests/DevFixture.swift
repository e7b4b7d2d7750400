import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

/// The emulated services with a manual clock, called without a socket.
struct DevFixture: Sendable {
    /// One key for all tests, because generating an RSA key is slow.
    private static let key = Result { try SigningKey.generateRSA() }

    let clock = ManualClock()
    let peers: DevPeers
    let seed: DevSeed

    /// Accepts unsigned requests and has no quotas, unless `change` sets them.
    init(_ change: (inout DevPeers.Configuration) -> Void = { _ in }) throws {
        seed = DevSeed(
            secretAccessKey: Secret("dev-secret-access-key"), clientSecret: Secret("dev-client-secret"),
            key: Secret([UInt8](repeating: 7, count: 32)))
        var configuration = DevPeers.Configuration(seed: seed, signingKey: try Self.key.get())
        configuration.checksSignatures = false
        configuration.parameterStoreQuotas = nil
        configuration.limitsIssuer = false
        change(&configuration)
        peers = DevPeers(configuration, time: clock.source)
    }

    /// The input of a valid PutParameter, with some members changed or added.
    static func parameter(_ name: String, _ more: JSONObject = [:]) -> JSON {
        .object((["Name": .string(name), "Value": "v", "Type": "String"] as JSONObject).merging(more))
    }

    /// Makes an AWS call and returns the body of the response. Throws ``AWSFailure``.
    @discardableResult
    func aws(_ target: String, _ input: JSON) throws -> JSON {
        let response = peers.respond(to: Self.request(target, input.bytes()))
        let body = try JSON(parsing: response.body)
        guard response.status == 200 else { throw AWSFailure(response, body) }
        return body
    }

    func ssm(_ operation: String, _ input: JSON) throws -> JSON { try aws("AmazonSSM.\(operation)", input) }

    func secrets(_ operation: String, _ input: JSON) throws -> JSON { try aws("secretsmanager.\(operation)", input) }

    /// The error of an AWS call; nil if it succeeds.
    func failure(_ target: String, _ input: JSON) -> AWSFailure? {
        do {
            try aws(target, input)
            return nil
        } catch {
            return error as? AWSFailure
        }
    }

    static func request(_ target: String, _ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(
            method: "POST", target: "/",
            fields: ["Host": "127.0.0.1:8701", "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target],
            body: body)
    }

    /// A token request with the correct client, with some members changed.
    func token(_ changes: JSONObject = [:]) throws -> (status: Int, fields: HTTPFields, body: JSON) {
        let body: JSONObject = [
            "grant_type": "client_credentials", "client_id": .string(seed.clientID),
            "client_secret": "dev-client-secret", "audience": .string(seed.audience),
        ]
        return try post(
            "application/json", JSON.object(body.merging(changes).filter { $0.value != .null }).bytes())
    }

    func post(
        _ type: String, _ body: [UInt8], authorization: String? = nil
    ) throws -> (status: Int, fields: HTTPFields, body: JSON) {
        var request = HTTPRequest(
            method: "POST", target: "/oauth/token", fields: ["Host": "127.0.0.1:8701", "Content-Type": type], body: body
        )
        request.fields["Authorization"] = authorization
        let response = peers.respond(to: request)
        return (response.status, response.fields, try JSON(parsing: response.body))
    }
}
