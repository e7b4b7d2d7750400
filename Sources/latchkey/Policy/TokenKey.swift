package import LatchkeyCore

/// The KMS key of the token's parameter (`LATCHKEY_TOKEN_KMS_KEY`) in a policy.
package struct TokenKey: Hashable, Sendable {
    /// The key's ARN or id; nil if an alias names it.
    private let id: String?
    /// `alias/…`.
    private let alias: String?
    private let actions: [String]

    /// Returns nil for the account's default key, `alias/aws/ssm`, which no policy needs to name.
    package init?(_ text: String, tier: ParameterTierChoice) {
        // A SecureString of the standard tier is encrypted by KMS itself, one of the advanced tier under a data key
        // (Systems Manager User Guide, "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString parameters").
        let writes =
            switch tier {
            case .standard: ["kms:Encrypt"]
            case .advanced: ["kms:GenerateDataKey"]
            case .asNeeded, .intelligentTiering: ["kms:Encrypt", "kms:GenerateDataKey"]
            }
        actions = ["kms:Decrypt"] + writes
        let name = text.split(separator: ":").last.map(String.init) ?? text
        let isAlias = name.hasPrefix("alias/")
        alias = isAlias ? name : nil
        id = isAlias ? nil : text
        guard alias != "alias/aws/ssm" else { return nil }
    }

    /// The permission to write and read these parameters through Parameter Store.
    func statement(in place: PolicyPlace, parameters: [String]) -> PolicyStatement? {
        var place = place
        place.keyARN = id.map { $0.hasPrefix("arn:") ? $0 : place.key($0) } ?? place.key("*")
        var statement = place.key(
            "UseTheTokenKey", actions, via: ["ssm"], context: ("PARAMETER_ARN", parameters))
        // An alias cannot be a `Resource` (AWS KMS, "Use aliases to control access to KMS keys").
        if let alias {
            statement?.conditions.append(PolicyCondition("ForAnyValue:StringEquals", "kms:ResourceAliases", [alias]))
        }
        return statement
    }
}
