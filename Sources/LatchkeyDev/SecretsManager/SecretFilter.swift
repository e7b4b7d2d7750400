internal import LatchkeyAWS
internal import LatchkeyCore

/// An entry of `Filters` (ListSecrets, BatchGetSecretValue).
struct SecretFilter {
    private enum Key: String {
        case name, description
        case tagKey = "tag-key"
        case tagValue = "tag-value"
        case all
    }

    private let key: Key
    private let values: [String]

    /// The filters of a request. Throws AWS's error for an unknown key.
    static func read(_ input: AWSInput) throws(AWSProtocolError) -> [SecretFilter] {
        try input.structures("Filters").map { filter throws(AWSProtocolError) in
            guard let key = Key(rawValue: filter["Key"]?.string ?? "") else {
                throw AWSProtocolError("InvalidParameterException", "The Key of a filter is invalid.")
            }
            return SecretFilter(key: key, values: filter["Values"]?.array?.compactMap(\.string) ?? [])
        }
    }

    /// A value matches texts that begin with it. A value that begins with `!` matches if no text begins with the rest.
    func matches(_ secret: StoredSecret) -> Bool {
        let texts: [String] =
            switch key {
            case .name: [secret.name]
            case .description: [secret.description ?? ""]
            case .tagKey: Array(secret.tags.keys)
            case .tagValue: Array(secret.tags.values)
            case .all: [secret.name, secret.description ?? ""] + secret.tags.keys + secret.tags.values
            }
        return values.contains { value in
            value.hasPrefix("!")
                ? !texts.contains { $0.hasPrefix(value.dropFirst()) } : texts.contains { $0.hasPrefix(value) }
        }
    }
}
