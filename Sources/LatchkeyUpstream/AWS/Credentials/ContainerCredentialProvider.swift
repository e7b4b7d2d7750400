internal import LatchkeyCrypto
internal import LatchkeyHTTP

extension CredentialContext {
    /// The credentials of an ECS task or an EKS pod (Pod Identity), from the agent beside it.
    var containerProvider: CredentialProvider {
        CredentialProvider(.container) { () throws(AWSError) in
            guard let endpoint = try ContainerEndpoint(environment: environment) else {
                return .absent("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set")
            }
            let token = try Self.containerToken(environment, readFile: readFile)
            return .found(try await credentials(ofContainer: endpoint.endpoint, token: token))
        }
    }

    /// What goes into `Authorization`: the file's content, read anew each time because EKS exchanges it, or else the
    /// variable's.
    static func containerToken(
        _ environment: [String: String], readFile: (String) -> String?
    ) throws(AWSError) -> Secret? {
        let name: String
        var token: String
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            name = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            guard let text = readFile(path) else { throw .credentials("the file of \(name) cannot be read") }
            token = text
            // The one thing an editor adds; any other line end would make another header.
            if token.hasSuffix("\n") { token.removeLast() }
        } else if let text = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
            (name, token) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", text)
        } else {
            return nil
        }
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw .credentials("\(name) holds what no header can")
        }
        return Secret(token)
    }

    private func credentials(
        ofContainer endpoint: AWSConfiguration.Endpoint, token: Secret?
    ) async throws(AWSError) -> AWSCredentials {
        let response = try await send(.container, to: endpoint.origin) {
            var request = HTTPRequest(method: "GET", target: endpoint.path, fields: ["Accept": "application/json"])
            request.fields["Authorization"] = token?.revealText()
            return request
        }
        guard response.status == 200 else {
            var error = AWSError(response)
            error.hint = "the container's agent answers \(response.status)\(error.code.map { " \($0)" } ?? "")"
            throw error
        }
        return try credentials(ofMetadata: response)
    }

    /// The document of a metadata service, its end by our own clock.
    func credentials(ofMetadata response: HTTPResponse) throws(AWSError) -> AWSCredentials {
        do throws(CredentialDocument.Refusal) {
            var credentials = try CredentialDocument(response.body, .metadata).credentials
            credentials.expiration = credentials.expiration.map { ownTime(of: $0, in: response) }
            return credentials
        } catch {
            throw AWSError(.invalidAnswer, hint: error.why)
        }
    }
}
