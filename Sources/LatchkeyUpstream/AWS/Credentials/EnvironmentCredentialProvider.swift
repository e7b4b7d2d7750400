/// The keys in the environment of the process (``EnvironmentKeys``). The environment does not change, so there are no
/// other credentials after their expiration.
struct EnvironmentCredentialProvider: Sendable {
    /// Read at once, so that the keys are kept as secrets and not as plain strings.
    private let answer: Result<CredentialProvider.Answer, AWSError>

    init(_ environment: [String: String]) {
        answer = Result { () throws(AWSError) in
            guard let keys = try EnvironmentKeys.find(environment) else {
                return .absent("\(EnvironmentKeys.idName) is not set")
            }
            return .found(keys)
        }
    }

    var provider: CredentialProvider {
        CredentialProvider(.environment) { [answer] () throws(AWSError) in try answer.get() }
    }
}
