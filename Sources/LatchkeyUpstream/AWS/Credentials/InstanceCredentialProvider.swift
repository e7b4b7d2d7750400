internal import LatchkeyCore
internal import LatchkeyHTTP

/// The role of an EC2 instance, from version 2 of its metadata service (IMDSv2).
///
/// A session token is requested first, by PUT: neither an open proxy nor a forged request of a web page can do that.
/// There is no fallback to version 1, which needs no token.
struct InstanceCredentialProvider: Sendable {
    /// The lifetime to request for the session token, in seconds: the maximum of IMDS.
    private static let tokenSeconds = 21_600
    private static let folder = "/latest/meta-data/iam/security-credentials/"
    /// For how many seconds expired credentials are used again if the service has no newer ones. AWS has been unable to
    /// refresh them while it still accepted the old ones ("static stability" in the SDKs).
    private static let extensionSeconds: ClosedRange<Double> = 300...600

    private let context: CredentialContext
    private let endpoint: AWSEndpoint

    static func provider(
        _ context: CredentialContext, _ planner: CredentialContext.PlannerResult
    ) -> CredentialProvider {
        CredentialProvider(.instance) { () throws(AWSError) in
            let endpoint = try CredentialContext.reading { () throws(SharedConfigError) in
                try InstanceMetadataEndpoint(
                    environment: context.environment, profile: planner.get().files.chosen())
            }
            switch endpoint {
            case .disabled: return .absent("AWS_EC2_METADATA_DISABLED is true")
            case .at(let endpoint): return try await Self(context: context, endpoint: endpoint).load()
            }
        }
    }

    private func load() async throws(AWSError) -> CredentialProvider.Answer {
        let token: String
        do throws(AWSError) {
            let response = try await ask(
                "PUT", "/latest/api/token",
                ("X-aws-ec2-metadata-token-ttl-seconds", String(Self.tokenSeconds)))
            guard response.status == 200 else { return .absent(Self.refusal(response.status)) }
            token = String(decoding: response.body, as: UTF8.self)
        } catch {
            // Outside EC2 nothing answers at that address.
            return .absent("no answer from \(endpoint.origin.authority)")
        }
        guard !token.isEmpty, token.utf8.allSatisfy(ASCII.isVisible) else {
            return .absent("no metadata service of version 2 at \(endpoint.origin.authority)")
        }
        return try await load(token)
    }

    private func load(_ token: String) async throws(AWSError) -> CredentialProvider.Answer {
        let session = ("X-aws-ec2-metadata-token", token)
        let list = try await ask("GET", Self.folder, session)
        if list.status == 404 { return .absent("the instance has no role") }
        guard list.status == 200 else { throw .noCredentials(Self.refusal(list.status)) }
        let role = String(decoding: list.body, as: UTF8.self).prefix { !$0.isNewline }
        guard !role.isEmpty else { return .absent("the instance has no role") }
        let response = try await ask("GET", Self.folder + PercentEncoding.encode(String(role)), session)
        guard response.status == 200 else { throw .noCredentials(Self.refusal(response.status)) }
        var credentials = try CredentialDocument.credentials(in: response, context)
        let now = context.time.now().wall
        if let expiration = credentials.expiration, expiration <= now {
            let span = Self.extensionSeconds.upperBound - Self.extensionSeconds.lowerBound
            let extended = Duration.seconds(Self.extensionSeconds.lowerBound + context.time.jitter() * span)
            credentials.expiration = now + extended
        }
        return .found(credentials)
    }

    private func ask(
        _ method: String, _ path: String, _ field: (name: String, value: String)
    ) async throws(AWSError) -> HTTPResponse {
        let request = HTTPRequest(
            method: method, target: endpoint.target(path), fields: [field.name: field.value])
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
