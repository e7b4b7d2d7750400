internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The rendered response with one profile's token for OAuth clients.
struct RenderedOAuthToken: Sendable {
    private let token: RenderedToken
    private let scope: GrantedScope

    var version: UInt64 { token.version }

    init(_ entry: TokenEntry, tier: Tier) {
        token = RenderedToken(entry, tier: tier, isOAuth: true)
        scope = GrantedScope(issuerScope: entry.token.scope, token: entry.token.value)
    }

    func require(_ wanted: [String]) throws(OAuthError) {
        guard scope.includes(wanted) else {
            throw OAuthError(
                .invalidScope, "the token of this audience does not have all of the requested scope; omit scope")
        }
    }

    func write(
        isStale: Bool, isRejected: Bool, refreshError: UpstreamFault?, now: Now, to reply: ReplyWriter,
        id: (ReplyWriter) -> Void
    ) {
        token.write(
            isStale: isStale, isRejected: isRejected, refreshError: refreshError, now: now, to: reply, id: id)
    }
}
