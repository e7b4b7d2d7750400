package import LatchkeyCore
package import LatchkeyCrypto

/// One version of a secret, with its value.
package struct SecretVersion: Sendable {
    package var name: String
    package var versionID: String
    package var value: Secret
    /// The secret was stored as bytes (`SecretBinary`), not as text.
    package var isBinary: Bool
    package var stages: [String]
    /// All members of the service's response except the value.
    package var attributes: JSON = [:]

    /// A GetSecretValue response.
    init(_ response: JSON) throws(AWSError) {
        let text = response["SecretString"]?.string.map { Secret($0) }
        let binary = response["SecretBinary"]?.string.flatMap { Base64.decode($0) }.map { Secret($0) }
        guard let name = response["Name"]?.string, let versionID = response["VersionId"]?.string,
            let value = text ?? binary
        else { throw AWSError(.invalidAnswer) }
        self.name = name
        self.versionID = versionID
        self.value = value
        isBinary = text == nil
        stages = (response["VersionStages"]?.array ?? []).compactMap(\.string)
        attributes = .object(
            (response.object ?? [:]).filter { $0.key != "SecretString" && $0.key != "SecretBinary" })
    }
}
