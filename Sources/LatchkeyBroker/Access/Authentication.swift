/// The outcome of checking a credential.
package enum Authentication: Sendable {
    case caller(AuthenticatedCaller)
    /// No caller has the credential.
    case unknown
    /// The caller's `not_after` or the credential's own expiry has passed.
    case expired
    /// The names of a certificate belong to several callers.
    case ambiguous
}
