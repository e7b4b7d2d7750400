internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The three emulated services behind one address, as a value.
struct DevState {
    private let keys: AccessKeys?
    private var parameters: ParameterStorePeer
    private var secrets: SecretsManagerPeer
    var issuer: IssuerPeer
    private var identifiers: Identifiers
    var faults = FaultScript()
    private(set) var counts = RequestCounts()

    init(_ configuration: DevPeers.Configuration, now: Now) {
        let seed = configuration.seed
        func key(_ use: String) -> [UInt8] { HMACSHA256.authenticate(Array(use.utf8), key: seed.key.reveal()).bytes }
        keys =
            configuration.checksSignatures
            ? AccessKeys(
                id: seed.accessKeyID, secret: seed.secretAccessKey,
                acceptsForeign: configuration.acceptsForeignKeys) : nil
        parameters = ParameterStorePeer(
            location: seed.location, cipherKey: key("cipher"), quotas: configuration.parameterStoreQuotas)
        secrets = SecretsManagerPeer(location: seed.location, identifiers: Identifiers(key: key("secrets")))
        issuer = IssuerPeer(
            client: IssuerPeer.Client(
                id: seed.clientID, secret: seed.clientSecret, audience: seed.audience, scopes: seed.scopes),
            signingKey: configuration.signingKey, tokenLifetime: configuration.tokenLifetime,
            identifiers: Identifiers(key: key("issuer")), isLimited: configuration.limitsIssuer,
            hourlyQuota: configuration.issuerHourlyQuota)
        identifiers = Identifiers(key: key("requests"))
        guard configuration.isSeeded else { return }
        parameters.seed(seed.parameters, at: now.wall)
        secrets.seed(seed.secrets, at: now.wall)
    }

    /// Answers one request.
    mutating func respond(to request: HTTPRequest, now: Now) -> HTTPResponse {
        switch (request.method, String(request.path)) {
        case ("POST", "/"): aws(request, now: now)
        case ("POST", "/oauth/token"):
            counted("token") { $0.issuer.token(request, issuer: Self.base(request), now: now) }
        case ("GET", "/.well-known/jwks.json"): counted("jwks") { $0.issuer.keySet }
        case ("GET", "/.well-known/openid-configuration"):
            counted("configuration") { $0.issuer.configuration(issuer: Self.base(request)) }
        case ("GET", "/dev/requests"): .json(200, counts.json)
        case (_, "/"), (_, "/oauth/token"):
            HTTPResponse(status: 405, fields: ["Allow": "POST", "Content-Type": "text/plain"])
        case (_, "/.well-known/jwks.json"), (_, "/.well-known/openid-configuration"), (_, "/dev/requests"):
            HTTPResponse(status: 405, fields: ["Allow": "GET", "Content-Type": "text/plain"])
        default: HTTPResponse(status: 404, fields: ["Content-Type": "text/plain"], body: Array("not found\n".utf8))
        }
    }

    // MARK: Issuer

    private mutating func counted(_ operation: String, _ work: (inout DevState) -> HTTPResponse) -> HTTPResponse {
        counts.add(operation, to: .issuer)
        return faulted(.issuer, work)
    }

    /// The URL that the request was sent to. The server listens on loopback only, so `Host` may be trusted.
    private static func base(_ request: HTTPRequest) -> String {
        "http://\(request.fields["Host"] ?? "127.0.0.1")/"
    }

    // MARK: AWS

    /// AWS JSON 1.1: `X-Amz-Target` has the operation, such as `AmazonSSM.GetParameter`.
    private mutating func aws(_ request: HTTPRequest, now: Now) -> HTTPResponse {
        let target = request.fields["X-Amz-Target"] ?? ""
        let halves = target.split(separator: ".", maxSplits: 1).map(String.init)
        let name = halves.count == 2 ? halves[1] : ""
        var response: HTTPResponse
        switch halves.first {
        case "AmazonSSM":
            let operation = ParameterStorePeer.Operation(rawValue: name)
            counts.add(operation?.rawValue ?? "unknown", to: .parameterStore)
            response = faulted(.parameterStore) { state in
                state.call(request, signedFor: "ssm", of: .parameterStore, now: now, operation) {
                    state, operation, input throws(AWSProtocolError) in
                    try state.parameters.answer(operation, input, now: now)
                }
            }
        case "secretsmanager":
            let operation = SecretsManagerPeer.Operation(rawValue: name)
            counts.add(operation?.rawValue ?? "unknown", to: .secretsManager)
            response = faulted(.secretsManager) { state in
                state.call(request, signedFor: "secretsmanager", of: .secretsManager, now: now, operation) {
                    state, operation, input throws(AWSProtocolError) in
                    try state.secrets.answer(operation, input, now: now)
                }
            }
        default: response = Self.unknownOperation.response(from: .parameterStore)
        }
        response.fields["x-amzn-RequestId"] = identifiers.uuid()
        return response
    }

    private static let unknownOperation = AWSProtocolError(common: "UnknownOperationException")

    /// Checks the signature first, then the operation's name, then the body, as AWS does.
    private mutating func call<Operation>(
        _ request: HTTPRequest, signedFor name: String, of service: EmulatedService, now: Now, _ operation: Operation?,
        _ work: (inout DevState, Operation, AWSInput) throws(AWSProtocolError) -> JSON
    ) -> HTTPResponse {
        do throws(AWSProtocolError) {
            try keys?.verify(request, service: name, now: now.wall)
            guard let operation else { throw Self.unknownOperation }
            let answer = try work(&self, operation, AWSInput(request.body))
            return HTTPResponse(
                status: 200, fields: ["Content-Type": "application/x-amz-json-1.1"], body: answer.bytes())
        } catch {
            return error.response(from: service)
        }
    }

    // MARK: Faults

    /// Does `work`, unless a test has injected a fault.
    private mutating func faulted(
        _ service: EmulatedService, _ work: (inout DevState) -> HTTPResponse
    ) -> HTTPResponse {
        switch faults.next(for: service) {
        case nil: return work(&self)
        case .response(let response): return response
        case .aws(let fault): return fault.response(from: service)
        case .afterwards(let response):
            _ = work(&self)
            return response
        }
    }
}
