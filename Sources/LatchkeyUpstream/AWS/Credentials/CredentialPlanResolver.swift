/// Gets the credentials that a plan describes.
struct CredentialPlanResolver: Sendable {
    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    /// Assumes every role of a chain of roles again.
    func credentials(_ plan: CredentialPlan) async throws(AWSError) -> AWSCredentials {
        switch plan {
        case .keys(let keys): return keys
        case .webIdentity(let identity): return try await WebIdentityCredentialProvider(context).credentials(identity)
        case .singleSignOn(let profile): return try await SSOCredentialProvider(context).credentials(profile)
        case .process(let command): return try await ProcessCredentialProvider(context).credentials(command)
        case .named(let source): return try await credentials(of: source)
        case .assumeRole(let role, let source):
            return try await SecurityTokenService(context).assume(role, with: try await credentials(source))
        }
    }

    /// The credentials of a `credential_source`.
    private func credentials(of source: CredentialSource) async throws(AWSError) -> AWSCredentials {
        let provider: CredentialProvider
        switch source {
        case .environment: provider = EnvironmentCredentialProvider(context.environment).provider
        case .container: provider = ContainerCredentialProvider(context).provider
        case .instance: provider = InstanceCredentialProvider.provider(context, context.planner)
        default: throw .noCredentials("there is no source \(source.rawValue)")
        }
        switch try await provider.load() {
        case .found(let credentials): return credentials
        case .absent(let why): throw .noCredentials("credential_source \(source.rawValue): \(why)")
        }
    }
}
