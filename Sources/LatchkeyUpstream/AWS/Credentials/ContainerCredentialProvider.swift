internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The credentials of an ECS task or an EKS pod (Pod Identity), from the agent on the same machine.
struct ContainerCredentialProvider: Sendable {
    private static let tokenFileName = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    private static let tokenName = "AWS_CONTAINER_AUTHORIZATION_TOKEN"

    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    var provider: CredentialProvider {
        CredentialProvider(.container) { () throws(AWSError) in
            guard let endpoint = try ContainerEndpoint(environment: context.environment) else {
                return .absent("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set")
            }
            return .found(try await credentials(at: endpoint.endpoint))
        }
    }

    private func credentials(at endpoint: AWSEndpoint) async throws(AWSError) -> AWSCredentials {
        let token = try authorizationToken()
        let response = try await context.send(.container, to: endpoint.origin) {
            var request = HTTPRequest(method: "GET", target: endpoint.path, fields: ["Accept": "application/json"])
            request.fields["Authorization"] = token?.revealText()
            return request
        }
        guard response.status == 200 else {
            var error = AWSError(response)
            error.hint = "the container's agent answers \(response.status)\(error.code.map { " \($0)" } ?? "")"
            throw error
        }
        return try CredentialDocument.credentials(in: response, context)
    }

    /// The value of `Authorization`, from the file or else from the variable. The file is read each time, because EKS
    /// replaces the token in it.
    private func authorizationToken() throws(AWSError) -> Secret? {
        let name: String
        var token: String
        if let path = context.environment[Self.tokenFileName] {
            name = Self.tokenFileName
            guard let text = context.readFile(path) else { throw .noCredentials("the file of \(name) cannot be read") }
            token = text
            // An editor's line end. Any other line end would begin another header.
            if token.hasSuffix("\n") { token.removeLast() }
        } else if let text = context.environment[Self.tokenName] {
            (name, token) = (Self.tokenName, text)
        } else {
            return nil
        }
        guard !token.isEmpty, token.utf8.allSatisfy({ ASCII.isVisible($0) || $0 == UInt8(ascii: " ") }) else {
            throw .noCredentials("\(name) holds a value that no header can hold: it must be visible ASCII")
        }
        return Secret(token)
    }
}
