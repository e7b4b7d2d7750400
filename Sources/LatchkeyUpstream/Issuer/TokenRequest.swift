package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP

/// Who asks for a token: an OAuth client's id and secret (RFC 6749 §2.3.1).
package struct ClientCredentials: Sendable {
    package var clientID: String
    package var clientSecret: Secret

    package init(clientID: String, clientSecret: Secret) {
        self.clientID = clientID
        self.clientSecret = clientSecret
    }
}

/// One client-credentials request (RFC 6749 §4.4.2) as a value.
package struct TokenRequest: Sendable {
    /// Which dialect the issuer speaks.
    package enum Kind: Hashable, Sendable {
        /// A JSON body with `audience`, as Auth0 documents it.
        case auth0
        /// A form body, as RFC 6749 §4.4.2 has it.
        case oauth2
    }

    /// How the client proves itself (RFC 6749 §2.3.1).
    package enum ClientAuthentication: Hashable, Sendable {
        /// Id and secret in the body.
        case post
        /// Id and secret in `Authorization: Basic`.
        case basic
        /// The id, and an assertion signed by the client's private key (RFC 7523 §2.2). The client secret is that key
        /// in PEM; `keyID` goes into the assertion's header (RFC 7515 §4.1.4).
        case privateKeyJWT(keyID: String?)
    }

    package var kind: Kind
    package var endpoint: TokenEndpoint
    package var credentials: ClientCredentials
    package var audience: String?
    package var scope: String?
    package var organization: String?
    package var clientAuthentication: ClientAuthentication
    /// Further parameters an issuer wants (`resource`, for one). Names in ``reserved`` are not taken from here.
    package var extra: [String: String]
    /// What of the answer is taken beyond the standard.
    package var allowance: AnswerAllowance

    /// Parameter names that ``extra`` cannot set: they are the request's own.
    package static let reserved: Set<String> = [
        "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "audience", "scope",
        "organization",
    ]

    package init(
        kind: Kind, endpoint: TokenEndpoint, credentials: ClientCredentials, audience: String? = nil,
        scope: String? = nil, organization: String? = nil, clientAuthentication: ClientAuthentication = .post,
        extra: [String: String] = [:], allowance: AnswerAllowance = AnswerAllowance()
    ) {
        self.kind = kind
        self.endpoint = endpoint
        self.credentials = credentials
        self.audience = audience
        self.scope = scope
        self.organization = organization
        self.clientAuthentication = clientAuthentication
        self.extra = extra
        self.allowance = allowance
    }

    /// The request on the wire. An empty optional parameter is left out: Auth0 answers an empty `scope` or
    /// `organization` with an error, and leaving it out is what is meant.
    ///
    /// - Parameters:
    ///   - now: an assertion's time of issue.
    ///   - id: a fresh name for an assertion (`jti`), never used twice.
    /// - Throws: ``IssuerError/unusableKey(_:)``, with `private_key_jwt` alone.
    package func message(userAgent: String, now: WallTime, id: String) throws(IssuerError) -> HTTPRequest {
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
        var fields: HTTPFields = ["Accept": "application/json", "User-Agent": userAgent]
        if clientAuthentication == .basic { fields["Authorization"] = basicAuthorization }
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

    /// Auth0 wants the tenant's own URL as the audience, others the token endpoint's (RFC 7523 §3, 3).
    private func assertion(keyID: String?) -> ClientAssertion {
        let audience = kind == .auth0 ? endpoint.issuer : endpoint.description
        return ClientAssertion(credentials: credentials, audience: audience, keyID: keyID)
    }

    /// Both halves form-encoded before they are joined (RFC 6749 §2.3.1), so that a colon in the id does no harm.
    private var basicAuthorization: String {
        let id = PercentEncoding.encode(credentials.clientID)
        let secret = PercentEncoding.encode(credentials.clientSecret.revealText() ?? "")
        return "Basic \(Base64.encode("\(id):\(secret)".utf8))"
    }
}
