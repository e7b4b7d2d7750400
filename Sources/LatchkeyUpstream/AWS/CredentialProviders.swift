internal import LatchkeyCrypto

/// One place credentials may come from.
package struct CredentialProvider: Sendable {
    /// For logs: `environment`, `shared files`.
    package let name: String
    /// The credentials; nil when this place has none, so that the next is asked.
    /// - Throws: when it should have some and has not: the chain ends there, as in the SDKs.
    package let load: @Sendable () async throws(AWSError) -> AWSCredentials?

    package init(name: String, load: @escaping @Sendable () async throws(AWSError) -> AWSCredentials?) {
        self.name = name
        self.load = load
    }
}

extension CredentialProvider {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. Empty means unset.
    package static func environment(_ environment: [String: String]) -> CredentialProvider {
        // Boxed at once: the plain strings of the environment are the process's own and stay where they are.
        let credentials = credentials(
            id: environment["AWS_ACCESS_KEY_ID"], secret: environment["AWS_SECRET_ACCESS_KEY"],
            token: environment["AWS_SESSION_TOKEN"])
        let isPartial = credentials == nil && !(environment["AWS_ACCESS_KEY_ID"] ?? "").isEmpty
        return CredentialProvider(name: "environment") { () throws(AWSError) in
            if isPartial {
                throw AWSError(.noCredentials, hint: "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
            }
            return credentials
        }
    }

    /// Static keys of the chosen profile: the credentials file's, then the config file's. Read anew at every asking,
    /// so that a rotated file is seen.
    package static func sharedFiles(
        _ environment: [String: String], readFile: @escaping @Sendable (String) -> String?
    ) -> CredentialProvider {
        let locations = environment.filter { name, value in
            !value.isEmpty
                && ["HOME", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]
                    .contains(name)
        }
        return CredentialProvider(name: "shared files") { () throws(AWSError) in
            let files = SharedFiles(environment: locations, readFile: readFile)
            for entry in [files.credentials, files.config] {
                if let found = credentials(
                    id: entry["aws_access_key_id"], secret: entry["aws_secret_access_key"],
                    token: entry["aws_session_token"])
                {
                    return found
                }
            }
            if locations["AWS_PROFILE"] != nil, !files.knowsProfile {
                throw AWSError(.noCredentials, hint: "the profile named by AWS_PROFILE is in neither shared file")
            }
            return nil
        }
    }

    private static func credentials(id: String?, secret: String?, token: String?) -> AWSCredentials? {
        guard let id, !id.isEmpty, let secret, !secret.isEmpty else { return nil }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: Secret(secret),
            sessionToken: token.flatMap { $0.isEmpty ? nil : Secret($0) })
    }
}
