internal import LatchkeyCore
internal import LatchkeyCrypto

/// The two times a JSON Web Token says of itself (RFC 7519 §4.1.4, §4.1.6), read without checking its signature:
/// they only ever shorten what another source says, so a forged claim gains nobody anything.
struct TokenClaims: Hashable, Sendable {
    let expires: WallTime
    let issued: WallTime?

    /// `exp - iat`: a lifetime that does not depend on this machine's clock.
    var lifetime: Duration? {
        guard let issued, issued < expires else { return nil }
        return expires - issued
    }

    /// Nil unless `token` is three dot-separated parts whose second is base64url JSON with a numeric `exp`
    /// (RFC 7515 §7.1).
    init?(_ token: Secret) {
        guard let claims = JSONWebToken.claims(of: token), let expires = Self.date(claims["exp"]) else { return nil }
        self.expires = expires
        issued = Self.date(claims["iat"])
    }

    /// A NumericDate (RFC 7519 §2): seconds, perhaps with a fraction.
    private static func date(_ value: JSONValue?) -> WallTime? {
        guard let seconds = value?.double, seconds >= 0 else { return nil }
        return OutsideNumber.date(seconds: seconds)
    }
}
