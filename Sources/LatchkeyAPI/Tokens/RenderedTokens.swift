internal import LatchkeyBroker
internal import LatchkeyMetrics

/// One worker's rendered tokens, by profile and format. Each token is rendered once per worker and format.
struct RenderedTokens {
    private var tokens: [RenderedToken?] = []

    mutating func token(_ profile: ProfileID, _ format: RenderedToken.Format, _ entry: TokenEntry) -> RenderedToken {
        let index = profile.index * RenderedToken.Format.allCases.count + format.rawValue
        while tokens.count <= index { tokens.append(nil) }
        if let rendered = tokens[index], rendered.version == entry.version { return rendered }
        let rendered = RenderedToken(entry, tier: .memory, format: format)
        tokens[index] = rendered
        return rendered
    }
}
