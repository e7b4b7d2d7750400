internal import LatchkeyCore

extension CredentialContext {
    /// The outcome of reading the shared files once.
    typealias PlannerResult = Result<CredentialPlanner, SharedConfigError>

    /// The providers in the order of ``CredentialSource``.
    ///
    /// The shared files are read once for all of them, so that one search never combines settings from before and after
    /// a change of the files.
    package var providers: [CredentialProvider] {
        let planner = planner
        return CredentialSource.allCases.map { provider($0, planner) }
    }

    /// Reads the shared files.
    var planner: PlannerResult {
        PlannerResult { () throws(SharedConfigError) in
            CredentialPlanner(
                environment: environment, files: try SharedFiles(environment: environment, read: readSharedFile))
        }
    }

    private func provider(_ source: CredentialSource, _ planner: PlannerResult) -> CredentialProvider {
        switch source {
        case .environment: EnvironmentCredentialProvider(environment).provider
        case .assumeRole:
            planned(
                source, planner,
                find: { planner throws(SharedConfigError) in try planner.assumeRole() },
                absent: { "profile \($0.files.profile) has no role_arn with a source" })
        case .webIdentity:
            planned(
                source, planner,
                find: { planner throws(SharedConfigError) in try planner.webIdentity() },
                absent: { _ in
                    "AWS_WEB_IDENTITY_TOKEN_FILE is not set, and the profile has no web_identity_token_file"
                })
        case .singleSignOn:
            planned(
                source, planner,
                find: { planner throws(SharedConfigError) in try planner.singleSignOn() },
                absent: { "profile \($0.files.profile) has no sso_account_id" })
        case .credentialsFile: keys(source, in: .credentials, planner)
        case .process:
            planned(
                source, planner,
                find: { planner throws(SharedConfigError) in try planner.process() },
                absent: { "profile \($0.files.profile) has no credential_process" })
        case .configFile: keys(source, in: .config, planner)
        case .container: ContainerCredentialProvider(self).provider
        case .instance: InstanceCredentialProvider.provider(self, planner)
        }
    }

    /// The keys of the selected profile in one of the shared files.
    private func keys(
        _ source: CredentialSource, in kind: SharedConfigFile.Kind, _ planner: PlannerResult
    ) -> CredentialProvider {
        planned(
            source, planner,
            find: { planner throws(SharedConfigError) in try planner.keys(in: kind) },
            absent: { planner in
                let profile = planner.files.profile
                return planner.files.profile(profile, in: kind) == nil
                    ? "it has no profile \(profile)" : "profile \(profile) has no aws_access_key_id there"
            })
    }

    /// A provider that finds a plan in the shared files and carries it out.
    ///
    /// - Parameters:
    ///   - find: reads the plan.
    ///   - absent: says why there are no credentials if there is no plan.
    private func planned(
        _ source: CredentialSource, _ result: PlannerResult,
        find: @escaping @Sendable (CredentialPlanner) throws(SharedConfigError) -> CredentialPlan?,
        absent: @escaping @Sendable (CredentialPlanner) -> String
    ) -> CredentialProvider {
        CredentialProvider(source) { () throws(AWSError) in
            let planner = try Self.reading { () throws(SharedConfigError) in try result.get() }
            guard let plan = try Self.reading({ () throws(SharedConfigError) in try find(planner) }) else {
                return .absent(absent(planner))
            }
            return .found(try await CredentialPlanResolver(self).credentials(plan))
        }
    }

    /// Reads from the shared files. An error in them becomes the error of the credential source.
    static func reading<Value>(_ body: () throws(SharedConfigError) -> Value) throws(AWSError) -> Value {
        do throws(SharedConfigError) {
            return try body()
        } catch {
            throw .noCredentials(error.description)
        }
    }
}
