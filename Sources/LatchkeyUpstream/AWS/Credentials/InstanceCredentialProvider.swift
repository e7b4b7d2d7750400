internal import LatchkeyCore
internal import LatchkeyHTTP

/// The role of an EC2 instance, by version 2 of its metadata service: a session token first, by PUT, which neither a
/// proxy nor a page that makes somebody else ask can have. Version 1, without one, is not fallen back on.
struct InstanceCredentials: Sendable {
    /// How long the session token is asked to live, in seconds: IMDS's longest.
    private static let tokenSeconds = 21_600
    private static let folder = "/latest/meta-data/iam/security-credentials/"
    /// For how long credentials that have ended are used on where the service has no newer ones: it has happened that AWS
    /// could not renew them and accepted the old ("static stability", as the SDKs have it).
    private static let extensions: ClosedRange<Double> = 300...600

    private let context: CredentialContext
    private let endpoint: AWSConfiguration.Endpoint

    init(_ context: CredentialContext, at endpoint: AWSConfiguration.Endpoint) {
        self.context = context
        self.endpoint = endpoint
    }

    func load() async throws(AWSError) -> CredentialProvider.Answer {
        let token: String
        do throws(AWSError) {
            let response = try await ask(
                "PUT", "/latest/api/token",
                ("X-aws-ec2-metadata-token-ttl-seconds", String(Self.tokenSeconds)))
            guard response.status == 200 else { return .absent(Self.refusal(response.status)) }
            token = String(decoding: response.body, as: UTF8.self)
        } catch {
            // Elsewhere than on EC2 there is nobody at that address.
            return .absent("no answer from \(endpoint.origin.authority)")
        }
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return .absent("no metadata service of version 2 at \(endpoint.origin.authority)")
        }
        return try await load(token)
    }

    private func load(_ token: String) async throws(AWSError) -> CredentialProvider.Answer {
        let session = ("X-aws-ec2-metadata-token", token)
        let list = try await ask("GET", Self.folder, session)
        if list.status == 404 { return .absent("the instance has no role") }
        guard list.status == 200 else { throw .credentials(Self.refusal(list.status)) }
        let role = String(decoding: list.body, as: UTF8.self).prefix { !$0.isNewline }
        guard !role.isEmpty else { return .absent("the instance has no role") }
        let response = try await ask("GET", Self.folder + PercentEncoding.encode(String(role)), session)
        guard response.status == 200 else { throw .credentials(Self.refusal(response.status)) }
        var credentials = try context.credentials(ofMetadata: response)
        let now = context.time.now().wall
        if let end = credentials.expiration, end <= now {
            let span = Self.extensions.upperBound - Self.extensions.lowerBound
            let extended = Duration.seconds(Self.extensions.lowerBound + context.chance() * span)
            credentials.expiration = now + extended
        }
        return .found(credentials)
    }

    private func ask(
        _ method: String, _ path: String, _ field: (name: String, value: String)
    ) async throws(AWSError) -> HTTPResponse {
        let request = HTTPRequest(
            method: method, target: endpoint.path + path, fields: [field.name: field.value])
        return try await context.send(.instance, to: endpoint.origin) { request }
    }

    private static func refusal(_ status: Int) -> String {
        switch status {
        case 403: "the instance's metadata service is switched off (403)"
        case 404, 405: "there is no metadata service of version 2 (\(status))"
        default: "the instance's metadata service answers \(status)"
        }
    }
}

extension CredentialContext {
    func instanceProvider(_ planner: Planner) -> CredentialProvider {
        CredentialProvider(.instance) { () throws(AWSError) in
            let files = try Self.planner(planner).files
            let endpoint = try Self.plan { () throws(SharedConfigError) in
                try InstanceEndpoint(environment: environment, profile: files.chosen())
            }
            switch endpoint {
            case .disabled: return .absent("AWS_EC2_METADATA_DISABLED is true")
            case .at(let endpoint): return try await InstanceCredentials(self, at: endpoint).load()
            }
        }
    }
}
