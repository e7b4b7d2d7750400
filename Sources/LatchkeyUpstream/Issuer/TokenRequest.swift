package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP

/// A client credentials request (RFC 6749 §4.4.2) as a value.
package struct TokenRequest: Sendable {
    /// The form of the request.
    package enum Kind: Hashable, Sendable {
        /// A JSON body with `audience`, as Auth0 documents it.
        case auth0
        /// A form body (RFC 6749 §4.4.2).
        case oauth2
    }

    /// How the client authenticates (RFC 6749 §2.3.1).
    package enum ClientAuthentication: Hashable, Sendable {
        /// Id and secret in the body.
        case post
        /// Id and secret in `Authorization: Basic`.
        case basic
        /// The id, and an assertion that the client's private key signs (RFC 7523 §2.2). The client secret is that key
        /// in PEM. `keyID` is put into the assertion's header (RFC 7515 §4.1.4).
        case privateKeyJWT(keyID: String?)
    }

    package var kind: Kind
    package var endpoint: TokenEndpoint
    package var credentials: ClientCredentials
    package var audience: String?
    package var scope: String?
    package var organization: String?
    package var clientAuthentication: ClientAuthentication
    /// Additional parameters, such as `resource`. Names in ``reserved`` are ignored.
    package var extra: [String: String]
    /// Which responses are accepted.
    package var responsePolicy: TokenResponsePolicy

    /// The parameters that ``extra`` cannot set, because the request sets them itself.
    package static let reserved: Set<String> = [
        "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "audience", "scope",
        "organization",
    ]

    package init(
        kind: Kind, endpoint: TokenEndpoint, credentials: ClientCredentials, audience: String? = nil,
        scope: String? = nil, organization: String? = nil, clientAuthentication: ClientAuthentication = .post,
        extra: [String: String] = [:], responsePolicy: TokenResponsePolicy = TokenResponsePolicy()
    ) {
        self.kind = kind
        self.endpoint = endpoint
        self.credentials = credentials
        self.audience = audience
        self.scope = scope
        self.organization = organization
        self.clientAuthentication = clientAuthentication
        self.extra = extra
        self.responsePolicy = responsePolicy
    }

    /// The HTTP request. Empty optional parameters are left out: Auth0 answers an empty `scope` or `organization` with
    /// an error.
    ///
    /// - Parameters:
    ///   - now: when an assertion is issued.
    ///   - id: the id of an assertion (`jti`), never used twice.
    /// - Throws: ``IssuerError/unusableKey(_:)``, only with `private_key_jwt`.
    package func message(userAgent: String, now: WallTime, id: String) throws(IssuerError) -> HTTPRequest {
        var fields: HTTPFields = ["Accept": "application/json", "User-Agent": userAgent]
        if clientAuthentication == .basic { fields["Authorization"] = basicAuthorization }
        let parameters = try parameters(now: now, id: id)
        let body: [UInt8]
        switch kind {
        case .auth0:
            fields["Content-Type"] = "application/json"
            body = JSON.object(JSONObject(parameters.map { ($0, .string($1)) })).bytes()
        case .oauth2:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            body = Array(PercentEncoding.form(parameters).utf8)
        }
        return HTTPRequest(method: "POST", target: endpoint.target, fields: fields, body: body)
    }

    private func parameters(now: WallTime, id: String) throws(IssuerError) -> [(String, String)] {
        var parameters: [(String, String)] = [("grant_type", "client_credentials")]
        switch clientAuthentication {
        case .post:
            parameters.append(("client_id", credentials.clientID))
            parameters.append(("client_secret", credentials.clientSecret.revealText() ?? ""))
        case .basic: break
        case .privateKeyJWT(let keyID):
            parameters.append(("client_id", credentials.clientID))
            parameters.append(("client_assertion_type", ClientAssertion.type))
            parameters.append(("client_assertion", try assertion(keyID: keyID).signed(now: now, id: id)))
        }
        for (name, value) in [("audience", audience), ("organization", organization), ("scope", scope)] {
            if let value, !value.isEmpty { parameters.append((name, value)) }
        }
        for (name, value) in extra.sorted(by: { $0.key < $1.key }) where !Self.reserved.contains(name) {
            parameters.append((name, value))
        }
        return parameters
    }

    /// Auth0 expects the tenant's URL as the audience, other issuers that of the token endpoint (RFC 7523 §3, item 3).
    private func assertion(keyID: String?) -> ClientAssertion {
        let audience = kind == .auth0 ? endpoint.issuer : endpoint.description
        return ClientAssertion(credentials: credentials, audience: audience, keyID: keyID)
    }

    /// Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1), because the id may contain a colon.
    private var basicAuthorization: String {
        let id = PercentEncoding.encode(credentials.clientID)
        let secret = PercentEncoding.encode(credentials.clientSecret.revealText() ?? "")
        return "Basic \(Base64.encode("\(id):\(secret)".utf8))"
    }
}
