internal import LatchkeyCore

/// The verdict on a JSON Web Token at one use.
package enum JWTVerdict: Hashable, Sendable {
    case verified(VerifiedJWT)
    case rejected(JWTRejection)
    /// The key set of the issuer lacks the key, or has not been read yet. Reading it again may help: the token is rejected
    /// with this reason unless it does.
    case keyMissing(JWTIssuer, JWTRejection)

    /// The verdict on a token whose signature is verified.
    init(_ token: VerifiedJWT, at now: WallTime) {
        self = token.rejection(at: now).map { .rejected($0) } ?? .verified(token)
    }

    /// Why the token is not accepted now; nil if it is.
    package var rejection: JWTRejection? {
        switch self {
        case .verified: nil
        case .rejected(let rejection), .keyMissing(_, let rejection): rejection
        }
    }
}
