import LatchkeyCore
import LatchkeyCrypto

/// Tokens that contain their expiry for the checks of the simulation: `t<number>-<nanoseconds>`. That is the whole of
/// an opaque token, and the signature of a JSON Web Token.
enum TokenText {
    static func make(_ number: Int, expires: MonotonicTime) -> String { "t\(number)-\(expires.nanoseconds)" }

    /// A JSON Web Token. Its `exp` is truncated to whole seconds, as issuers do.
    static func makeDated(_ number: Int, expires: MonotonicTime, at wall: WallTime, lifetime: Duration) -> String {
        let claims: JSON = [
            "exp": .integer((wall + lifetime).seconds), "iat": .integer(wall.seconds),
        ]
        return "e30.\(Base64.encodeURL(Array(claims.text.utf8))).\(make(number, expires: expires))"
    }

    static func secret(_ text: String) -> Secret { Secret(text) }

    /// When a token expires on the virtual clock.
    static func expiry(_ token: Secret) -> MonotonicTime? {
        guard let text = token.revealText(), let dash = text.lastIndex(of: "-") else { return nil }
        return Int64(text[text.index(after: dash)...]).map { MonotonicTime(nanoseconds: $0) }
    }
}
