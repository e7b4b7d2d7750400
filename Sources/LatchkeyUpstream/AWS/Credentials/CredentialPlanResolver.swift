extension CredentialContext {
    /// The chosen profile's role, assumed with the credentials of its source.
    func assumeRoleProvider(_ planner: Planner) -> CredentialProvider {
        CredentialProvider(.assumeRole) { () throws(AWSError) in
            let planner = try Self.planner(planner)
            guard let plan = try Self.plan({ () throws(SharedConfigError) in try planner.assumeRole() }) else {
                return .absent("profile \(planner.files.profile) has no role_arn with a source")
            }
            return .found(try await carryOut(plan))
        }
    }

    /// The credentials that a plan leads to, each role of a chain assumed anew.
    func carryOut(_ plan: CredentialPlan) async throws(AWSError) -> AWSCredentials {
        switch plan {
        case .keys(let keys): return keys
        case .webIdentity(let identity): return try await credentials(of: identity)
        case .singleSignOn(let signOn): return try await credentials(of: signOn)
        case .process(let command): return try await credentials(ofProcess: command)
        case .named(let source):
            guard let provider = provider(named: source) else {
                throw .credentials("there is no source \(source.rawValue)")
            }
            switch try await provider.load() {
            case .found(let credentials): return credentials
            case .absent(let why): throw .credentials("credential_source \(source.rawValue): \(why)")
            }
        case .assumeRole(let role, let source):
            let credentials = try await carryOut(source)
            return try await SecurityTokenService(self).assume(role, with: credentials)
        }
    }

    private func provider(named source: CredentialSource) -> CredentialProvider? {
        switch source {
        case .environment: environmentProvider
        case .container: containerProvider
        case .instance: instanceProvider(planner)
        default: nil
        }
    }
}
