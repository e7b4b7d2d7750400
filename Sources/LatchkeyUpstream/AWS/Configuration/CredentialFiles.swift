internal import LatchkeyCore

/// The files that the search for AWS credentials uses. Found like the credentials themselves, without any request.
package struct CredentialFiles: Equatable, Sendable {
    /// The shared files, and files with tokens.
    package private(set) var read: [String] = []
    /// The files that are replaced: the token of IAM Identity Center.
    package private(set) var replaced: [String] = []
    /// The programs of `credential_process`: each a path, or a name that is looked up in `PATH`.
    package private(set) var programs: [String] = []

    /// - Parameters:
    ///   - environment: of the process. An empty value counts as unset.
    ///   - readSharedFile: reads the shared file at a path.
    package init(environment: [String: String], readSharedFile: (String) -> SharedFileContent) {
        let environment = environment.filter { !$0.value.isEmpty }
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] { read.append(file) }
        if let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] { read.append(file) }
        if let paths = try? SharedFilePaths(environment: environment) { read += [paths.config, paths.credentials] }
        // With keys in the environment nothing else is asked. Keys that cannot be used end the search.
        guard case .success(nil) = Result(catching: { () throws(AWSError) in try EnvironmentKeys.find(environment) }),
            let files = try? SharedFiles(environment: environment, read: readSharedFile),
            let found = try? CredentialPlanner(environment: environment, files: files).decide()
        else { return }
        add(found.plan, home: environment["HOME"] ?? "")
    }

    private mutating func add(_ plan: CredentialPlan, home: String) {
        switch plan {
        case .keys, .named: break
        case .webIdentity(let identity): read.append(identity.tokenFile)
        case .singleSignOn(let profile): replaced.append("\(home)/\(profile.cacheFile)")
        case .process(let command): programs += CredentialPlanner.words(of: command)?.first.map { [$0] } ?? []
        case .assumeRole(_, let source): add(source, home: home)
        }
    }
}
