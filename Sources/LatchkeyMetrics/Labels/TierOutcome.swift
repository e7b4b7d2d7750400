/// The result of asking a tier.
package enum TierOutcome: Int, Label {
    case hit, miss, stale, error
    /// The tier was not asked, because it failed a moment ago or its answer could not be used.
    case skipped

    package var label: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .stale: "stale"
        case .error: "error"
        case .skipped: "skipped"
        }
    }
}
