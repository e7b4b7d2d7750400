internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One profile's answer to OAuth clients.
struct RenderedOAuthToken: Sendable {
    private let page: RenderedToken
    private let scope: GrantedScope

    var version: UInt64 { page.version }

    init(_ entry: TokenEntry, tier: Tier) {
        page = RenderedToken(entry, tier: tier, isOAuth: true)
        scope = GrantedScope(issuerScope: entry.token.scope, token: entry.token.value)
    }

    func require(_ wanted: [String]) throws(OAuthError) {
        guard scope.includes(wanted) else {
            throw OAuthError(.invalidScope, "the token of this audience has not all of that scope; leave scope out")
        }
    }

    func write(
        isStale: Bool, isRejected: Bool, refreshError: UpstreamFault?, now: Now, to reply: ReplyWriter,
        id: (ReplyWriter) -> Void
    ) {
        page.write(
            isStale: isStale, isRejected: isRejected, refreshError: refreshError, now: now, to: reply, id: id)
    }
}
