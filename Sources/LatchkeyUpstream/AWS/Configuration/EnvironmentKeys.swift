internal import LatchkeyCore
internal import LatchkeyHTTP

extension CredentialContext {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` or the older `AWS_SECURITY_TOKEN`, and
    /// `AWS_CREDENTIAL_EXPIRATION` (ISO 8601) where whoever started the process knows it. A blank variable counts as
    /// unset. The environment does not change: past that end there are none.
    var environmentProvider: CredentialProvider {
        // Boxed at once: the plain strings of the environment are the process's own and stay where they are.
        let answer = Result { () throws(AWSError) in try Self.environmentCredentials(environment) }
        return CredentialProvider(.environment) { () throws(AWSError) in try answer.get() }
    }

    /// - Parameter environment: without empty values.
    package static func environmentCredentials(
        _ environment: [String: String]
    ) throws(AWSError) -> CredentialProvider.Answer {
        let given: (String) -> String? = { name in
            environment[name].flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        }
        let (id, secret) = (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY"))
        // boto's older name wins, as in botocore.
        let token = given("AWS_SECURITY_TOKEN") ?? given("AWS_SESSION_TOKEN")
        guard id != nil else { return .absent("AWS_ACCESS_KEY_ID is not set") }
        guard
            var credentials = AWSCredentials(id: id, secret: secret, token: token)
        else { throw .credentials("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not") }
        if let text = environment["AWS_CREDENTIAL_EXPIRATION"] {
            do throws(ExpirationTime.Malformed) {
                credentials.expiration = try ExpirationTime.parse(text)
            } catch {
                throw .credentials("AWS_CREDENTIAL_EXPIRATION \(error.reason)")
            }
        }
        guard credentials.isPrintable else {
            throw .credentials("AWS_ACCESS_KEY_ID or the session token holds a character that none has")
        }
        return .found(credentials)
    }
}
