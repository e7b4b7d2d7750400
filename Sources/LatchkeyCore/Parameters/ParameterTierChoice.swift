/// The choice of a parameter's tier in options and settings.
package enum ParameterTierChoice: String, Hashable, Sendable, CaseIterable {
    /// Standard, or Advanced if the value does not fit into Standard.
    case asNeeded = "as-needed"
    case standard
    case advanced
    /// Parameter Store chooses, by the size of the value and the number of parameters in the account.
    case intelligentTiering = "intelligent-tiering"

    /// The most UTF-8 bytes that a value may have under this choice.
    package var maxValueBytes: Int {
        switch self {
        case .standard: ParameterTier.standard.maxValueBytes
        case .asNeeded, .advanced, .intelligentTiering: ParameterTier.advanced.maxValueBytes
        }
    }

    /// The tier in which Parameter Store will keep a value of `bytes` bytes; nil if it does not fit.
    ///
    /// - Parameter existing: the parameter's present tier. An Advanced parameter cannot become Standard again.
    package func tier(for bytes: Int, existing: ParameterTier?) -> ParameterTier? {
        let tier: ParameterTier =
            switch self {
            case .standard: existing ?? .standard
            case .advanced: .advanced
            case .asNeeded, .intelligentTiering:
                existing == .advanced || bytes > ParameterTier.standard.maxValueBytes ? .advanced : .standard
            }
        return bytes <= tier.maxValueBytes ? tier : nil
    }

    /// The value of `Tier` in PutParameter for a value of `bytes` bytes. Nil leaves `Tier` out, so that an existing
    /// parameter keeps its tier.
    package func requested(for bytes: Int) -> String? {
        switch self {
        case .asNeeded: bytes > ParameterTier.standard.maxValueBytes ? ParameterTier.advanced.rawValue : nil
        case .standard: ParameterTier.standard.rawValue
        case .advanced: ParameterTier.advanced.rawValue
        case .intelligentTiering: "Intelligent-Tiering"
        }
    }
}
