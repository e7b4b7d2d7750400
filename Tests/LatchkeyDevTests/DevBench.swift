import LatchkeyCore
import LatchkeyCrypto
import LatchkeyDev
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

/// The stand-ins on a clock that moves by hand, asked without a socket.
struct DevBench: Sendable {
    /// One key for every test: making one takes a while.
    private static let key = Result { try SigningKey.generateRSA() }

    let clock = ManualClock()
    let peers: DevPeers
    let seed: DevSeed

    /// Unsigned requests and no quotas, unless `change` says otherwise.
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

    /// The input of a PutParameter that is taken, with some members changed or added.
    static func parameter(_ name: String, _ more: JSONObject = [:]) -> JSON {
        .object((["Name": .string(name), "Value": "v", "Type": "String"] as JSONObject).merging(more))
    }

    /// One AWS call; the body of a success, or the error's type.
    @discardableResult
    func aws(_ target: String, _ input: JSON) throws -> JSON {
        let response = peers.respond(to: Self.request(target, input.bytes()))
        let body = try JSON(parsing: response.body)
        guard response.status == 200 else { throw AWSFailure(response, body) }
        return body
    }

    func ssm(_ operation: String, _ input: JSON) throws -> JSON { try aws("AmazonSSM.\(operation)", input) }

    func secrets(_ operation: String, _ input: JSON) throws -> JSON { try aws("secretsmanager.\(operation)", input) }

    /// The error of a call that must fail.
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

    /// A token request with the right client unless the fields say otherwise.
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

/// What an AWS error came as.
struct AWSFailure: Error, Equatable {
    let type: String
    let message: String?
    let status: Int

    init(_ response: HTTPResponse, _ body: JSON) {
        type = body["__type"]?.string ?? ""
        message = body["message"]?.string ?? body["Message"]?.string
        status = response.status
    }
}

/// One request that AWS refuses: where that is written, what is asked, and the error.
struct AWSRefusal: CustomTestStringConvertible, Sendable {
    let source: String
    let operation: String
    let input: JSON
    let type: String
    /// Words the message must hold.
    var says = ""

    var testDescription: String { "\(operation): \(source)" }
}
