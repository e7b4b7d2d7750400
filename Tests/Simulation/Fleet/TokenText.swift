import LatchkeyCore
import LatchkeyCrypto

/// Tokens that say when they expire, for the referee alone: `t<number>-<nanoseconds>`, which is all of an opaque token
/// and a JSON Web Token's signature.
enum TokenText {
    static func make(_ number: Int, expires: MonotonicTime) -> String { "t\(number)-\(expires.nanoseconds)" }

    /// The same as a JSON Web Token; its `exp` is in whole seconds, cut off as issuers do.
    static func makeDated(_ number: Int, expires: MonotonicTime, at wall: WallTime, lifetime: Duration) -> String {
        let claims: JSON = [
            "exp": .integer((wall + lifetime).seconds), "iat": .integer(wall.seconds),
        ]
        return "e30.\(Base64.encodeURL(Array(claims.text.utf8))).\(make(number, expires: expires))"
    }

    static func secret(_ text: String) -> Secret { Secret(text) }

    /// When a token truly expires on the world's clock.
    static func expiry(_ token: Secret) -> MonotonicTime? {
        guard let text = token.revealText(), let dash = text.lastIndex(of: "-") else { return nil }
        return Int64(text[text.index(after: dash)...]).map { MonotonicTime(nanoseconds: $0) }
    }
}
