/// Why a JSON Web Token is not accepted. A closed set, for metrics and the audit log. It says nothing of the token.
package enum JWTRejection: String, Error, Hashable, Sendable, CaseIterable {
    /// Larger than ``JWTVerifier/maxTokenBytes``.
    case tooLarge = "too_large"
    /// Not three parts of base64url, or header or claims are no JSON object, have two members of one name, or are nested too
    /// deeply.
    case malformed
    /// The header has `crit` (RFC 7515 §4.1.11). No extension is supported. An unencoded payload (RFC 7797) is one.
    case critical
    /// `alg` is none of ``JWSAlgorithm``, or not that of the key with this `kid`.
    case algorithm
    /// No issuer of the callers file has this `iss`, and no trust domain has this `sub`.
    case issuer
    /// The key set of the issuer has no key with this `kid`, or no single key for a token without `kid`.
    case keyUnknown = "key_unknown"
    /// The key set of the issuer has not been read yet.
    case keysUnread = "keys_unread"
    /// The signature does not verify.
    case signature
    /// A claim is missing or has the wrong type: `exp`, `sub`, `nbf`, or `iss`.
    case claims
    /// `aud` is missing or does not contain the audience.
    case audience
    /// `exp` has passed by more than ``JWTVerifier/leeway``.
    case expired
    /// `nbf` is more than ``JWTVerifier/leeway`` ahead.
    case notYetValid = "not_yet_valid"
}
