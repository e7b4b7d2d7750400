package import LatchkeyCore

/// How parameters are to be written: tier, type and KMS key.
package struct MoveOptions: Hashable, Sendable {
    /// The KMS key of a SecureString.
    package enum KeyChoice: Hashable, Sendable {
        /// The key that an existing parameter has; for a new one the account's `alias/aws/ssm`.
        case unchanged
        /// The key of the secret.
        case sameAsSecret
        /// This key ID, ARN or alias.
        case key(String)
    }

    package var tier = ParameterTierChoice.asNeeded
    package var kind = ParameterKind.secureString
    package var key = KeyChoice.unchanged

    package init() {}

    /// Reports that an existing parameter with an equal value has another key or tier than these options ask for. An
    /// equal value is not written again, so the parameter keeps them. Nil if they agree.
    func kept(for secret: SourceSecret, _ existing: ExistingParameter) -> Obstacle? {
        let wanted = key == .unchanged ? nil : keyID(for: secret, existing: existing)
        let key = wanted == nil || existing.keyID == nil || existing.keyID == wanted ? nil : existing.keyID
        let other = tier == .advanced && existing.tier == .standard || tier == .standard && existing.tier == .advanced
        return key == nil && !other ? nil : .keptAsItIs(key: key, tier: other ? existing.tier : nil)
    }

    /// The KMS key to name in the write; nil for the account's default key.
    func keyID(for secret: SourceSecret, existing: ExistingParameter?) -> String? {
        guard kind == .secureString else { return nil }
        return switch key {
        case .unchanged: existing?.keyID
        case .sameAsSecret: secret.keyID
        case .key(let id): id
        }
    }
}
