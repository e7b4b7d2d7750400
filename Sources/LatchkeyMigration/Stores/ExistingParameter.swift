package import LatchkeyCore

/// A parameter that already has the name a secret is to be copied to.
package struct ExistingParameter: Sendable {
    package var kind: ParameterKind
    package var value: StoredValue
    /// Starts at 1; each write adds 1.
    package var version: Int64
    /// Nil if the tier is unknown because DescribeParameters was refused.
    package var tier: ParameterTier?
    /// The KMS key of a SecureString, if known.
    package var keyID: String?

    package init(
        kind: ParameterKind, value: StoredValue, version: Int64, tier: ParameterTier? = nil, keyID: String? = nil
    ) {
        self.kind = kind
        self.value = value
        self.version = version
        self.tier = tier
        self.keyID = keyID
    }
}
