internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One worker's rendered tokens for OAuth clients. Each token is rendered once per worker.
struct RenderedOAuthTokens {
    private var tokens: [RenderedOAuthToken?] = []

    mutating func token(_ profile: ProfileID, _ entry: TokenEntry) -> RenderedOAuthToken {
        while tokens.count <= profile.index { tokens.append(nil) }
        if let rendered = tokens[profile.index], rendered.version == entry.version { return rendered }
        let rendered = RenderedOAuthToken(entry, tier: .memory)
        tokens[profile.index] = rendered
        return rendered
    }
}
