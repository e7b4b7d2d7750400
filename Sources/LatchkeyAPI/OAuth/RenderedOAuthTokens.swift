internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One worker's pages for OAuth clients: each token is rendered once a worker.
struct RenderedOAuthTokens {
    private var pages: [RenderedOAuthToken?] = []

    mutating func page(_ profile: ProfileID, _ entry: TokenEntry) -> RenderedOAuthToken {
        while pages.count <= profile.index { pages.append(nil) }
        if let page = pages[profile.index], page.version == entry.version { return page }
        let page = RenderedOAuthToken(entry, tier: .memory)
        pages[profile.index] = page
        return page
    }
}
