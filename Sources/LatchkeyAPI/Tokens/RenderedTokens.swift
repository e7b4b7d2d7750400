internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One worker's pages: each token is rendered once a worker.
struct RenderedTokens {
    private var pages: [RenderedToken?] = []

    mutating func page(_ profile: ProfileID, _ entry: TokenEntry) -> RenderedToken {
        while pages.count <= profile.index { pages.append(nil) }
        if let page = pages[profile.index], page.version == entry.version { return page }
        let page = RenderedToken(entry, tier: .memory)
        pages[profile.index] = page
        return page
    }
}
