package import LatchkeyCore

/// How values are to be kept in Parameter Store.
package struct MoveOptions: Hashable, Sendable {
    /// Which KMS key a SecureString is kept under.
    package enum KeyChoice: Hashable, Sendable {
        /// The one an existing parameter has; for a new one the account's `alias/aws/ssm`.
        case unchanged
        /// The one the secret has.
        case sameAsSecret
        /// This key id, ARN or alias.
        case key(String)
    }

    /// Which tier a value goes to.
    package var tier = ParameterTierChoice.asNeeded
    package var kind = ParameterKind.secureString
    package var key = KeyChoice.unchanged

    package init() {}

    /// What an equal value keeps though another was asked for; nil where it has what was asked for, or nothing was.
    func kept(for secret: SourceSecret, _ existing: ExistingParameter) -> Obstacle? {
        let wanted = key == .unchanged ? nil : keyID(for: secret, existing: existing)
        let key = wanted == nil || existing.keyID == nil || existing.keyID == wanted ? nil : existing.keyID
        let other = tier == .advanced && existing.tier == .standard || tier == .standard && existing.tier == .advanced
        return key == nil && !other ? nil : .keptAsItIs(key: key, tier: other ? existing.tier : nil)
    }

    /// The KMS key to name in the write; nil for the default.
    func keyID(for secret: SourceSecret, existing: ExistingParameter?) -> String? {
        guard kind == .secureString else { return nil }
        return switch key {
        case .unchanged: existing?.keyID
        case .sameAsSecret: secret.keyID
        case .key(let id): id
        }
    }
}
