internal import LatchkeyCore
package import LatchkeyCrypto

/// A PutParameter request.
package struct ParameterWrite: Sendable {
    package var name: String
    package var value: Secret
    package var kind: Parameter.Kind
    /// If false and the name is taken, the write fails with ``AWSError/Kind/alreadyExists``.
    package var overwrites: Bool
    /// `Standard`, `Advanced` or `Intelligent-Tiering`; nil for the account's default.
    package var tier: String?
    /// The KMS key of a SecureString; nil for `alias/aws/ssm`.
    package var keyID: String?
    package var description: String?
    /// For a new parameter only: AWS rejects tags with an overwrite.
    package var tags: [(key: String, value: String)] = []

    package init(name: String, value: Secret, kind: Parameter.Kind, overwrites: Bool) {
        self.name = name
        self.value = value
        self.kind = kind
        self.overwrites = overwrites
    }

    /// Whether `text` can be an id, ARN or alias of a KMS key: 1 to 256 letters, digits and `:/_-` (API Reference,
    /// PutParameter, `KeyId`).
    package static func isKeyID(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || ":/_-".utf8.contains($0) }
    }

    /// The body of the request; nil for a value that is not UTF-8.
    var body: JSON? {
        guard let text = value.revealText() else { return nil }
        var members: JSONObject = [
            "Name": .string(name), "Value": .string(text), "Type": .string(kind.rawValue),
            "Overwrite": .bool(overwrites),
        ]
        members["Tier"] = tier.map { .string($0) }
        members["KeyId"] = keyID.map { .string($0) }
        members["Description"] = description.map { .string($0) }
        if !tags.isEmpty { members["Tags"] = AWSTags.json(tags) }
        return .object(members)
    }
}
