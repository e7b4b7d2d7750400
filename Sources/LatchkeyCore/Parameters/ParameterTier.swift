/// A tier of Parameter Store (Systems Manager User Guide, "Managing parameter tiers"). The raw value is that of `Tier`
/// in PutParameter.
package enum ParameterTier: String, Hashable, Sendable, CaseIterable {
    case standard = "Standard"
    case advanced = "Advanced"

    /// The most UTF-8 bytes that a value may have (PutParameter, `Value`).
    package var maxValueBytes: Int {
        switch self {
        case .standard: 4096
        case .advanced: 8192
        }
    }
}
