/// Where Parameter Store keeps a value, and what that costs ("Managing parameter tiers", Systems Manager User Guide). The
/// raw value is the one of PutParameter, `Tier`.
package enum ParameterTier: String, Hashable, Sendable, CaseIterable {
    case standard = "Standard"
    case advanced = "Advanced"

    /// Bytes of UTF-8 that a value may have (PutParameter, `Value`).
    package var longestValue: Int {
        switch self {
        case .standard: 4096
        case .advanced: 8192
        }
    }
}
