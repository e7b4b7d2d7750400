internal import LatchkeyAWS

/// The rules for a secret's name (Secrets Manager API, CreateSecret, `Name`).
enum SecretName {
    /// Throws CreateSecret's error for a name that is not allowed.
    static func check(_ name: String) throws(AWSProtocolError) {
        guard (1...512).contains(name.count) else {
            throw .constraint("name", value: name, "have length between 1 and 512")
        }
        guard name.utf8.allSatisfy(isAllowed) else {
            throw .validation(
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
            )
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-/_+=.@".utf8.contains(byte)
        }
    }

    /// Whether `id` identifies the secret: its name, its ARN, or its ARN without the hyphen and six random characters.
    static func identifies(_ id: String, _ secret: StoredSecret) -> Bool {
        id == secret.name || id == secret.arn || (id.hasPrefix("arn:") && id == secret.arn.dropLast(7))
    }
}
