package import LatchkeyCore

/// An issuer of JSON Web Tokens that the callers file trusts: one entry of its `issuers`.
package struct JWTIssuer: Hashable, Sendable {
    /// How the tokens of the issuer are recognised.
    package enum Identity: Hashable, Sendable, CustomStringConvertible {
        /// The claim `iss` equals this text, byte by byte (RFC 7519 §4.1.1).
        case issuer(ExactText)
        /// The claim `sub` is `spiffe://<trust domain>/…` (SPIFFE JWT-SVID §3.2). The claim `iss` does not count.
        case trustDomain(ExactText)

        /// The issuer, or the trust domain as `spiffe://<trust domain>`. Two identities never have the same text, because an
        /// issuer with that text would be refused.
        package var description: String {
            switch self {
            case .issuer(let issuer): issuer.text
            case .trustDomain(let domain): "spiffe://\(domain.text)"
            }
        }
    }

    /// Where the key set (RFC 7517 §5) is read.
    package enum KeySource: Hashable, Sendable, CustomStringConvertible {
        /// A path, from `file:/path`. The file is followed.
        case file(String)
        /// An https URL, or an http URL of this machine. It is read again and again.
        case url(String)

        /// The path or the URL.
        package var description: String {
            switch self {
            case .file(let path): path
            case .url(let url): url
            }
        }
    }

    package let identity: Identity
    package let keys: KeySource
    /// What the claim `aud` must contain.
    package let audience: ExactText
    /// Path of the PEM certificates that are trusted for a URL; nil for those of the system.
    package let authorities: String?
    /// Path of the file with the bearer token that is sent to a URL; nil to send none.
    package let bearer: String?

    package init(
        _ identity: Identity, keys: KeySource, audience: ExactText, authorities: String? = nil, bearer: String? = nil
    ) {
        self.identity = identity
        self.keys = keys
        self.audience = audience
        self.authorities = authorities
        self.bearer = bearer
    }

    /// The files that the process must be able to read.
    package var files: [String] {
        let keyFile: String? = if case .file(let path) = keys { path } else { nil }
        return [keyFile, authorities, bearer].compactMap { $0 }
    }
}
