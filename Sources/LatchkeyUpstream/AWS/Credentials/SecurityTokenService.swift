internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The STS calls that return credentials: AssumeRole and AssumeRoleWithWebIdentity (AWS STS API Reference; AWS query
/// protocol).
struct SecurityTokenService: Sendable {
    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    /// Assumes a role. The request is signed with `source`.
    func assume(_ role: AssumedRole, with source: AWSCredentials) async throws(AWSError) -> AWSCredentials {
        var parameters = [("RoleArn", role.arn), ("RoleSessionName", role.sessionName ?? defaultSessionName)]
        if let id = role.externalID { parameters.append(("ExternalId", id)) }
        if let seconds = role.seconds { parameters.append(("DurationSeconds", String(seconds))) }
        let request = try request("AssumeRole", parameters)
        var isClockCorrected = false
        while true {
            do throws(AWSError) {
                let response = try await context.send(.assumeRole, to: request.endpoint.origin) {
                    signed(request, source)
                }
                return try credentials(response, role: role.arn)
            } catch {
                guard !isClockCorrected, let skew = error.skew(at: context.time.now().wall) else { throw error }
                context.clockSkew.correct(to: skew)
                isClockCorrected = true
            }
        }
    }

    /// Assumes a role with a token of an OpenID Connect provider. Unsigned: the token authenticates the request.
    func assume(_ identity: WebIdentity, token: Secret) async throws(AWSError) -> AWSCredentials {
        let request = try request(
            "AssumeRoleWithWebIdentity",
            [
                ("RoleArn", identity.roleARN), ("RoleSessionName", identity.sessionName ?? defaultSessionName),
                ("WebIdentityToken", token.revealText() ?? ""),
            ])
        let response = try await context.send(.webIdentity, to: request.endpoint.origin) { request.http }
        return try credentials(response, role: identity.roleARN)
    }

    /// The name of a session if none is configured: the program and the time, as in botocore.
    private var defaultSessionName: String { "latchkey-\(context.time.now().wall.seconds)" }

    // MARK: Requests

    private struct Request: Sendable {
        let endpoint: AWSEndpoint
        let http: HTTPRequest
    }

    private func request(_ action: String, _ parameters: [(String, String)]) throws(AWSError) -> Request {
        guard let endpoint = context.configuration.endpoints[.sts] else { throw .noCredentials("STS has no endpoint") }
        let body = PercentEncoding.form([("Action", action), ("Version", AWSService.stsVersion)] + parameters)
        return Request(
            endpoint: endpoint,
            http: HTTPRequest(
                method: "POST", target: endpoint.path,
                fields: ["Content-Type": "\(AWSService.sts.contentType); charset=utf-8"], body: Array(body.utf8)))
    }

    private func signed(_ request: Request, _ credentials: AWSCredentials) -> HTTPRequest {
        var signed = request.http
        let scope = SigV4.Scope(
            date: context.clockSkew.awsTime(at: context.time.now().wall), region: context.configuration.region,
            service: AWSService.sts.name)
        SigV4.sign(&signed, host: request.endpoint.origin.authority, scope: scope, credentials: credentials)
        return signed
    }

    // MARK: Responses

    private func credentials(_ response: HTTPResponse, role: String) throws(AWSError) -> AWSCredentials {
        try context.credentials(
            in: response, of: "STS", refusal: "to let \(role) be assumed", decode: Self.credentials)
    }

    /// The credentials of a response, their expiration by AWS's clock; nil if an element is missing or not valid.
    private static func credentials(_ body: [UInt8]) -> AWSCredentials? {
        guard let response = try? XMLLeaves(body) else { return nil }
        for action in ["AssumeRole", "AssumeRoleWithWebIdentity"] {
            let path = "\(action)Response/\(action)Result/Credentials/"
            guard
                var credentials = AWSCredentials(
                    id: response["\(path)AccessKeyId"], secret: response["\(path)SecretAccessKey"],
                    token: response["\(path)SessionToken"])
            else { continue }
            credentials.expiration = response["\(path)Expiration"].flatMap { try? ExpirationTime.parse($0) }
            let isComplete =
                credentials.sessionToken != nil && credentials.expiration != nil && credentials.isVisibleASCII
            return isComplete ? credentials : nil
        }
        return nil
    }
}
