internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// STS, as far as credentials come from there (AWS Security Token Service API reference, version 2011-06-15; AWS query
/// protocol).
struct SecurityTokenService: Sendable {
    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    /// Assumes a role; the request is signed with `source`.
    func assume(_ role: AssumedRole, with source: AWSCredentials) async throws(AWSError) -> AWSCredentials {
        let body = Self.body(of: role, sessionName: role.sessionName ?? defaultSessionName)
        let request = try request(body)
        var mended = false
        while true {
            do throws(AWSError) {
                let response = try await context.send(.assumeRole, to: request.endpoint.origin) {
                    signed(request, source)
                }
                return try credentials(response, role: role.arn)
            } catch {
                // A clock that is wrong is put right once, as everywhere.
                guard !mended, let offset = error.skew(at: context.time.now().wall) else { throw error }
                context.clock.set(offset)
                mended = true
            }
        }
    }

    /// Assumes a role with a token of an OpenID Connect provider; unsigned, since the token is the proof.
    func assume(_ identity: WebIdentity, token: Secret) async throws(AWSError) -> AWSCredentials {
        let body = Self.body(
            of: identity, token: token.revealText() ?? "", sessionName: identity.sessionName ?? defaultSessionName)
        let request = try request(body)
        let response = try await context.send(.webIdentity, to: request.endpoint.origin) { request.http }
        return try credentials(response, role: identity.roleARN)
    }

    /// As botocore names sessions that nobody has named: by the program and the time.
    private var defaultSessionName: String { "latchkey-\(context.time.now().wall.seconds)" }

    // MARK: Requests

    static func body(of role: AssumedRole, sessionName: String) -> String {
        var pairs = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role.arn),
            ("RoleSessionName", sessionName),
        ]
        if let id = role.externalID { pairs.append(("ExternalId", id)) }
        if let seconds = role.seconds { pairs.append(("DurationSeconds", String(seconds))) }
        return PercentEncoding.form(pairs)
    }

    static func body(of identity: WebIdentity, token: String, sessionName: String) -> String {
        PercentEncoding.form([
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", identity.roleARN),
            ("RoleSessionName", sessionName), ("WebIdentityToken", token),
        ])
    }

    private struct Request: Sendable {
        let endpoint: AWSConfiguration.Endpoint
        let http: HTTPRequest
    }

    private func request(_ body: String) throws(AWSError) -> Request {
        guard let endpoint = context.configuration.endpoints[.sts] else { throw .credentials("STS has no endpoint") }
        return Request(
            endpoint: endpoint,
            http: HTTPRequest(
                method: "POST", target: endpoint.path,
                fields: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"], body: Array(body.utf8)))
    }

    private func signed(_ request: Request, _ credentials: AWSCredentials) -> HTTPRequest {
        var signed = request.http
        let scope = SigV4.Scope(
            date: context.time.now().wall + context.clock.current, region: context.configuration.region,
            service: AWSService.sts.name)
        SigV4.sign(&signed, host: request.endpoint.origin.authority, scope: scope, credentials: credentials)
        return signed
    }

    // MARK: Answers

    private func credentials(_ response: HTTPResponse, role: String) throws(AWSError) -> AWSCredentials {
        guard response.status == 200 else {
            var error = AWSError(response)
            error.hint = "STS refuses to let \(role) be assumed: \(error.code ?? "status \(response.status)")"
            throw error
        }
        guard var credentials = Self.credentials(response.body), let end = credentials.expiration else {
            throw AWSError(.invalidAnswer, hint: "STS answers without credentials")
        }
        credentials.expiration = context.ownTime(of: end, in: response)
        return credentials
    }

    /// The credentials of an answer, their end by AWS's clock; nil where they are not all there.
    static func credentials(_ body: [UInt8]) -> AWSCredentials? {
        guard let answer = try? XMLLeaves(body) else { return nil }
        for operation in ["AssumeRole", "AssumeRoleWithWebIdentity"] {
            let path = "\(operation)Response/\(operation)Result/Credentials/"
            guard
                var credentials = AWSCredentials(
                    id: answer["\(path)AccessKeyId"], secret: answer["\(path)SecretAccessKey"],
                    token: answer["\(path)SessionToken"])
            else { continue }
            credentials.expiration = answer["\(path)Expiration"].flatMap { try? ExpirationTime.parse($0) }
            let isWhole =
                credentials.sessionToken != nil && credentials.expiration != nil && credentials.isPrintable
            return isWhole ? credentials : nil
        }
        return nil
    }
}
