internal import LatchkeyCore
package import LatchkeyCrypto

/// A CreateSecret or PutSecretValue request.
package struct SecretWrite: Sendable {
    package var name: String
    package var value: Secret
    /// Whether to store the value as bytes (`SecretBinary`) instead of text.
    package var isBinary: Bool
    /// `ClientRequestToken`, 32 to 64 characters: a request with the same token is the same request. Also the id of the
    /// version.
    package var token: String
    /// For a new secret only, as are key and tags.
    package var description: String?
    package var keyID: String?
    package var tags: [(key: String, value: String)] = []

    package init(name: String, value: Secret, isBinary: Bool, token: String) {
        self.name = name
        self.value = value
        self.isBinary = isBinary
        self.token = token
    }

    /// The members that creating a secret and changing its value have in common.
    func content() throws(AWSError) -> JSONObject {
        var members: JSONObject = ["ClientRequestToken": .string(token)]
        if isBinary {
            members["SecretBinary"] = .string(Base64.encode(value.reveal()))
            return members
        }
        guard let text = value.revealText() else { throw AWSError(.invalidRequest, hint: "the value is not UTF-8") }
        members["SecretString"] = .string(text)
        return members
    }
}
