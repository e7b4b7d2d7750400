internal import LatchkeyCore

/// The cached token of one profile, with what endpoints have rendered of it. All workers share that, so that there is one
/// copy of the token for each format, and it is gone when the token is.
package final class TokenEntry: Sendable {
    package let token: AccessToken
    /// Unique among the entries of this broker: the key of rendered responses.
    package let version: UInt64
    // Copies of the token's limits. Every hit reads them, and reading them here does not copy the token.
    package let useBy: Expiry
    package let expiry: Expiry
    /// When the upstream returned it, on the monotonic clock in nanoseconds.
    package let received: Int64

    private let json = LazyReference<TokenForm>()
    private let text = LazyReference<TokenForm>()
    private let oauth = LazyReference<TokenForm>()

    /// What was rendered in a format.
    ///
    /// - Parameter render: called if nothing was. Two threads may call it at once; both get the form that was first.
    package func form(_ format: TokenForm.Format, _ render: () -> TokenForm) -> TokenForm {
        switch format {
        case .json: json.get(render)
        case .text: text.get(render)
        case .oauth: oauth.get(render)
        }
    }

    init(_ token: AccessToken, version: UInt64) {
        self.token = token
        self.version = version
        useBy = token.useBy
        expiry = token.expiry
        received = token.received.monotonic.nanoseconds
    }
}
