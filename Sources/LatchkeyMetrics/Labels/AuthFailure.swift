/// The reason for rejecting a request's credential or access.
package enum AuthFailure: Int, Label {
    /// The request has no credential.
    case missing
    /// The credential cannot be parsed: not `Bearer`, invalid base64, or a malformed signature.
    case malformed
    /// No caller has this credential.
    case unknown
    /// The caller's `not_after` or the credential's own expiry has passed.
    case expired
    /// The names of the certificate belong to several callers.
    case ambiguous
    /// The credential is valid, but its scopes do not include the route.
    case scope
    /// The credential is valid, but the caller may not have the secret or profile.
    case name
    /// The AWS signature does not verify.
    case signature

    package var label: String {
        switch self {
        case .missing: "missing"
        case .malformed: "malformed"
        case .unknown: "unknown"
        case .expired: "expired"
        case .ambiguous: "ambiguous"
        case .scope: "scope"
        case .name: "name"
        case .signature: "signature"
        }
    }
}
