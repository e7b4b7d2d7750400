internal import LatchkeyCore
internal import LatchkeyCrypto

/// The `exp` and `iat` of a JSON Web Token (RFC 7519 §4.1.4, §4.1.6).
///
/// The signature is not verified. The claims only ever shorten the lifetime that another source gives, so a forged
/// claim is harmless.
struct TokenClaims: Hashable, Sendable {
    let expires: WallTime
    let issued: WallTime?

    /// `exp - iat`: a lifetime that does not depend on this machine's clock.
    var lifetime: Duration? {
        guard let issued, issued < expires else { return nil }
        return expires - issued
    }

    /// Nil unless `token` has three parts separated by dots and the second one is base64url-encoded JSON with a numeric
    /// `exp` (RFC 7515 §7.1).
    init?(_ token: Secret) {
        guard let claims = JSONWebToken.claims(of: token), let expires = claims["exp"]?.numericDate else { return nil }
        self.expires = expires
        issued = claims["iat"]?.numericDate
    }
}
