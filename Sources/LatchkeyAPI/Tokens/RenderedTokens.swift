internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One worker's rendered tokens. Each token is rendered once per worker.
struct RenderedTokens {
    private var tokens: [RenderedToken?] = []

    mutating func token(_ profile: ProfileID, _ entry: TokenEntry) -> RenderedToken {
        while tokens.count <= profile.index { tokens.append(nil) }
        if let rendered = tokens[profile.index], rendered.version == entry.version { return rendered }
        let rendered = RenderedToken(entry, tier: .memory)
        tokens[profile.index] = rendered
        return rendered
    }
}
