/// The cached token of one profile.
///
/// A class, so that endpoints can cache what they rendered for it.
package final class TokenEntry: Sendable {
    package let token: AccessToken
    /// Unique among the entries of this broker: the key of rendered responses.
    package let version: UInt64
    // Copies of the token's limits. Every hit reads them, and reading them here does not copy the token.
    let useBy: Expiry
    let expiry: Expiry

    init(_ token: AccessToken, version: UInt64) {
        self.token = token
        self.version = version
        useBy = token.useBy
        expiry = token.expiry
    }
}
