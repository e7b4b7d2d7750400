internal import LatchkeyCore
package import LatchkeyCrypto

/// One PutParameter with everything that may go along.
package struct ParameterWrite: Sendable {
    package var name: String
    package var value: Secret
    package var kind: Parameter.Kind
    /// Without it a name that is taken is ``AWSError/Kind/alreadyExists``.
    package var overwrites: Bool
    /// `Standard`, `Advanced` or `Intelligent-Tiering`; nil leaves it to the account's default.
    package var tier: String?
    /// The KMS key of a SecureString; nil for `alias/aws/ssm`.
    package var keyID: String?
    package var description: String?
    /// Only for a parameter that is new: AWS takes no tags with an overwrite.
    package var tags: [(key: String, value: String)] = []

    package init(name: String, value: Secret, kind: Parameter.Kind, overwrites: Bool) {
        self.name = name
        self.value = value
        self.kind = kind
        self.overwrites = overwrites
    }

    /// Whether `text` can name a KMS key: an id, an ARN or an alias of 1 to 256 bytes (PutParameter, `KeyId`, which gives
    /// the characters).
    package static func isKeyID(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// The request's body; nil for a value that is not text.
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
