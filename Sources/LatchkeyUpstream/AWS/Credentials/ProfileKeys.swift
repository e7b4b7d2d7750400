extension CredentialContext {
    /// Keys of the chosen profile in the credentials file.
    var credentialsFileProvider: CredentialProvider {
        CredentialProvider(.credentialsFile) { () throws(AWSError) in
            let files = self.files
            return try Self.keys(files.credentials(of: files.profile), of: files.profile)
        }
    }

    /// Keys of the chosen profile in the config file.
    var configFileProvider: CredentialProvider {
        CredentialProvider(.configFile) { () throws(AWSError) in
            let files = self.files
            return try Self.keys(files.config(of: files.profile), of: files.profile)
        }
    }

    /// The keys in one file's entry of a profile; the entry is nil where the file has none.
    static func keys(_ entry: [String: String]?, of profile: String) throws(AWSError) -> CredentialProvider.Answer {
        guard let entry else { return .absent("it has no profile \(profile)") }
        guard let id = entry["aws_access_key_id"], !id.isEmpty else {
            return .absent("profile \(profile) has no aws_access_key_id there")
        }
        guard
            let keys = AWSCredentials(
                id: id, secret: entry["aws_secret_access_key"], token: entry["aws_session_token"])
        else { throw .credentials("profile \(profile) has aws_access_key_id and no aws_secret_access_key") }
        return .found(keys)
    }
}
