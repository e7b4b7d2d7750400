/// How a caller has shown who it is.
package enum CredentialKind: String, Hashable, Sendable, CaseIterable {
    /// A key: as bearer, in a field of AWS's extension, or as an OAuth client secret.
    case key
    /// A JSON Web Token of an issuer that the callers file trusts.
    case jwt
    /// A TLS client certificate.
    case tls
    /// The user at the other end of a Unix socket.
    case unix
    /// A signature with the caller's `sigv4_secret`.
    case sigv4

    /// Its place among all kinds.
    var ordinal: Int {
        switch self {
        case .key: 0
        case .jwt: 1
        case .tls: 2
        case .unix: 3
        case .sigv4: 4
        }
    }
}
