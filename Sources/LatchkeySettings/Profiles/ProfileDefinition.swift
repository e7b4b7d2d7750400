package import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyUpstream

/// A token profile: a kind of token that callers request by name.
package struct ProfileDefinition: Equatable, Sendable {
    /// The audience of the token.
    package enum Audience: Hashable, Sendable {
        /// The token request has no audience.
        case none
        case given(String)
        /// `AUTH0_AUDIENCE`, otherwise the field with this name in the blob.
        case setting
    }

    /// The source of a credential. Files and secrets are read again for each token, so a change needs no restart.
    package enum Credential: Equatable, Sendable {
        case literal(Secret)
        /// The content of a file, without the line end at its end.
        case file(path: String)
        /// A secret of the application.
        case secret(SecretKey)
    }

    package let name: String
    package var kind = TokenRequest.Kind.auth0
    /// The token endpoint; nil for the tenant's (only with kind `auth0`).
    package var endpoint: TokenEndpoint?
    package var audience = Audience.none
    package var scope: String?
    package var organization: String?
    /// Nil for `AUTH0_CLIENT_ID` (only with kind `auth0`).
    package var clientID: Credential?
    /// Nil for `AUTH0_CLIENT_SECRET` (only with kind `auth0`). With `private_key_jwt`, the private key in PEM.
    package var clientSecret: Credential?
    package var clientAuthentication = TokenRequest.ClientAuthentication.post
    /// Further parameters of the token request.
    package var extra: [String: String] = [:]
    /// What the issuer may answer beyond the OAuth 2.0 standard.
    package var allowance = TokenResponsePolicy()

    package init(name: String) { self.name = name }

    /// The files with the credentials.
    package var files: [String] {
        [clientID, clientSecret].compactMap { if case .file(let path) = $0 { path } else { nil } }
    }

    /// The profile of `GET /token`, unless the file defines one of that name: the `AUTH0_*` settings.
    package static var defaultProfile: ProfileDefinition {
        var profile = ProfileDefinition(name: defaultName)
        profile.audience = .setting
        return profile
    }

    package static let defaultName = ProfileGrant.defaultName

    /// Identifies the tokens of this profile among brokers that share tokens: 16 hex digits of a SHA-256 over everything
    /// but the client's authentication. A `file:` or `secret:` value counts by its name. Nil for ``defaultProfile``.
    package var identity: String? {
        guard self != Self.defaultProfile else { return nil }
        let text = { (value: String?) -> JSON in value.map { .string($0) } ?? .null }
        let members: JSON = [
            "kind": .string("\(kind)"), "token_url": text(endpoint?.description), "audience": .string("\(audience)"),
            "scope": text(scope), "organization": text(organization), "client_id": text(clientID?.reference),
            "extra": .object(JSONObject(extra.map { ($0, .string($1)) })),
        ]
        return String(SHA256.hash(members.bytes()).hex.prefix(16))
    }
}

extension ProfileDefinition.Credential {
    /// The value, or the name of the file or secret that holds it.
    fileprivate var reference: String {
        switch self {
        case .literal(let value): "text:\(value.revealText() ?? "")"
        case .file(let path): "file:\(path)"
        case .secret(let key): "secret:\(key.name)"
        }
    }
}
