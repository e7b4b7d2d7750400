/// The tier that a person chooses for a parameter, as options and settings write it.
package enum ParameterTierChoice: String, Hashable, Sendable, CaseIterable {
    /// The smallest that holds the value: Advanced from 4,097 bytes on.
    case asNeeded = "as-needed"
    case standard
    case advanced
    /// Parameter Store chooses, by the same rule and by the account's number of parameters.
    case intelligentTiering = "intelligent-tiering"

    /// The most bytes of UTF-8 that a value of this choice may have.
    package var longestValue: Int {
        switch self {
        case .standard: ParameterTier.standard.longestValue
        case .asNeeded, .advanced, .intelligentTiering: ParameterTier.advanced.longestValue
        }
    }

    /// The tier a value of so many bytes is kept in; nil where none of the choice holds it.
    /// - Parameter existing: the tier the parameter is in; there is no way back from Advanced.
    package func tier(for bytes: Int, existing: ParameterTier?) -> ParameterTier? {
        let wanted: ParameterTier =
            switch self {
            case .standard: existing ?? .standard
            case .advanced: .advanced
            case .asNeeded, .intelligentTiering:
                existing == .advanced || bytes > ParameterTier.standard.longestValue ? .advanced : .standard
            }
        return bytes <= wanted.longestValue ? wanted : nil
    }

    /// What PutParameter is told as `Tier` for a value of so many bytes; nil where it is told nothing, so that a parameter
    /// that is there stays in its tier.
    package func requested(for bytes: Int) -> String? {
        switch self {
        case .asNeeded: bytes > ParameterTier.standard.longestValue ? ParameterTier.advanced.rawValue : nil
        case .standard: ParameterTier.standard.rawValue
        case .advanced: ParameterTier.advanced.rawValue
        case .intelligentTiering: "Intelligent-Tiering"
        }
    }
}
