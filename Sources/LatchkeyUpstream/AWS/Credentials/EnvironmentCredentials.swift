internal import LatchkeyCore
internal import LatchkeyHTTP

extension CredentialContext {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and `AWS_CREDENTIAL_EXPIRATION` (RFC 3339) where
    /// whoever started the process knows it. The environment does not change: past that end there are none.
    var environmentProvider: CredentialProvider {
        // Boxed at once: the plain strings of the environment are the process's own and stay where they are.
        let answer = Result { () throws(AWSError) in try Self.environmentCredentials(environment) }
        return CredentialProvider(.environment) { () throws(AWSError) in try answer.get() }
    }

    /// - Parameter environment: without empty values.
    static func environmentCredentials(
        _ environment: [String: String]
    ) throws(AWSError) -> CredentialProvider.Answer {
        let (id, secret) = (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        guard id != nil else { return .absent("AWS_ACCESS_KEY_ID is not set") }
        guard
            var credentials = AWSCredentials(id: id, secret: secret, token: environment["AWS_SESSION_TOKEN"])
        else { throw .credentials("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not") }
        if let text = environment["AWS_CREDENTIAL_EXPIRATION"] {
            guard let end = RFC3339.parse(text) else {
                throw .credentials("AWS_CREDENTIAL_EXPIRATION is no RFC 3339 time")
            }
            credentials.expiration = end
        }
        return .found(credentials)
    }
}
