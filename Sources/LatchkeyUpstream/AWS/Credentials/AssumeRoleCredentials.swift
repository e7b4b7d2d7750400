extension CredentialContext {
    /// The chosen profile's role, assumed with the credentials of its source.
    var assumeRoleProvider: CredentialProvider {
        CredentialProvider(.assumeRole) { () throws(AWSError) in
            let files = self.files
            if files.isProfileNamed, files.settings(of: files.profile) == nil {
                throw .credentials("profile \(files.profile), which AWS_PROFILE names, is in neither shared file")
            }
            guard let plan = try CredentialPlan(assuming: files.profile, in: files) else {
                return .absent("profile \(files.profile) has no role_arn with a source")
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
            guard let provider = providers.first(where: { $0.source == source }) else {
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
}
