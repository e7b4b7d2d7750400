package import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyUpstream

/// One kind of token that callers may ask for by name, as settings describe it.
package struct ProfileDefinition: Equatable, Sendable {
    /// What the token is for.
    package enum Audience: Hashable, Sendable {
        /// The request names none.
        case none
        case given(String)
        /// `AUTH0_AUDIENCE`, else the field of that name in the blob.
        case setting
    }

    /// Where a credential stands. Files and secrets are read anew for each token, so that a change needs no restart.
    package enum Credential: Equatable, Sendable {
        case literal(Secret)
        /// The file's text without the line end that editors put there.
        case file(path: String)
        /// A secret of the application.
        case secret(SecretKey)
    }

    package let name: String
    package var kind = TokenRequest.Kind.auth0
    /// Nil for the tenant's, with kind `auth0` alone.
    package var endpoint: TokenEndpoint?
    package var audience = Audience.none
    package var scope: String?
    package var organization: String?
    /// Nil for `AUTH0_CLIENT_ID`, with kind `auth0` alone.
    package var clientID: Credential?
    /// Nil for `AUTH0_CLIENT_SECRET`, with kind `auth0` alone. The private key in PEM with `private_key_jwt`.
    package var clientSecret: Credential?
    package var clientAuthentication = TokenRequest.ClientAuthentication.post
    package var extra: [String: String] = [:]
    /// What of the issuer's answer is taken beyond the standard.
    package var allowance = AnswerAllowance()

    package init(name: String) { self.name = name }

    /// The profile of `GET /token` where the file has none of its name: the `AUTH0_*` settings.
    package static var standard: ProfileDefinition {
        var profile = ProfileDefinition(name: standardName)
        profile.audience = .setting
        return profile
    }

    package static let standardName = "default"

    /// Tells apart what tokens are for, as brokers that share tokens tell one another: 16 hex digits of a SHA-256 over
    /// all but how the client proves itself. A `file:` or `secret:` value counts by its name. Nil for ``standard``.
    package var identity: String? {
        guard self != Self.standard else { return nil }
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
    /// The value, or the name of what holds it.
    fileprivate var reference: String {
        switch self {
        case .literal(let value): "text:\(value.revealText() ?? "")"
        case .file(let path): "file:\(path)"
        case .secret(let key): "secret:\(key.name)"
        }
    }
}
