internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// An issuer that behaves like Auth0, as a value: one client, one API, RS256 tokens, and rate limits with their headers.
struct IssuerPeer {
    /// The client that the issuer accepts, and its grant.
    struct Client {
        let id: String
        let secret: Secret
        /// The only API. Requests without an audience get it as well (Auth0's "default audience").
        let audience: String
        /// The granted scopes. A request may ask for some of them.
        let scopes: [String]
    }

    private let client: Client
    private let signingKey: SigningKey
    var tokenLifetime: Duration
    private var identifiers: Identifiers
    private var bucket: TokenBucket?
    private var quota: HourlyQuota?

    /// The rate limit and the burst of the token endpoint for Auth0's free tenants.
    static let tokensPerSecond = 30.0

    init(
        client: Client, signingKey: SigningKey, tokenLifetime: Duration, identifiers: Identifiers, isLimited: Bool,
        hourlyQuota: Int64?
    ) {
        self.client = client
        self.signingKey = signingKey
        self.tokenLifetime = tokenLifetime
        self.identifiers = identifiers
        bucket = isLimited ? TokenBucket(perSecond: Self.tokensPerSecond) : nil
        quota = hourlyQuota.map { HourlyQuota(limit: $0) }
    }

    // MARK: The token endpoint

    /// Answers `POST /oauth/token`.
    /// - Parameter issuer: the base URL of the request, with a slash at its end.
    mutating func token(_ request: HTTPRequest, issuer: String, now: Now) -> HTTPResponse {
        let isAdmitted = bucket?.take(at: now.monotonic) ?? true
        var response = isAdmitted ? answer(request, issuer: issuer, now: now) : Self.tooMany
        response.fields["Cache-Control"] = "no-store"
        response.fields["Pragma"] = "no-cache"
        if let bucket {
            response.fields["x-ratelimit-limit"] = "\(Int64(Self.tokensPerSecond))"
            response.fields["x-ratelimit-remaining"] = "\(bucket.remaining)"
            response.fields["x-ratelimit-reset"] = "\(now.wall.seconds + 1)"
        }
        if let quota { response.fields["Auth0-Client-Quota-Limit"] = quota.field(at: now.wall) }
        return response
    }

    private mutating func answer(_ request: HTTPRequest, issuer: String, now: Now) -> HTTPResponse {
        guard let form = TokenForm(request) else {
            return Self.error(400, "invalid_request", "The body must be a form or a JSON object.")
        }
        guard let grant = form["grant_type"] else {
            return Self.error(400, "invalid_request", "Missing required parameter: grant_type")
        }
        guard grant == "client_credentials" else {
            return Self.error(
                400, "unsupported_grant_type", "Unsupported grant type: only client_credentials is known here.")
        }
        guard let id = form["client_id"] else {
            return Self.error(400, "invalid_request", "Missing required parameter: client_id")
        }
        guard id == client.id, let secret = form["client_secret"], Secret(secret) == client.secret else {
            return Self.unauthorized(form)
        }
        let audience = form["audience"] ?? client.audience
        guard audience == client.audience else {
            return Self.error(
                403, "access_denied",
                "Client is not authorized to access \"\(audience)\". You need to create a \"client-grant\" associated to "
                    + "this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants")
        }
        let asked = form["scope"]?.split(separator: " ").map(String.init) ?? client.scopes
        let missing = asked.filter { !client.scopes.contains($0) }
        guard missing.isEmpty else {
            return Self.error(
                403, "access_denied", "Client has not been granted scopes: \(missing.joined(separator: ", "))")
        }
        guard quota?.take(at: now.wall) ?? true else { return Self.tooMany }
        return tokenResponse(scopes: asked, organization: form["organization"], issuer: issuer, now: now)
    }

    private mutating func tokenResponse(
        scopes: [String], organization: String?, issuer: String, now: Now
    ) -> HTTPResponse {
        let lifetime = tokenLifetime.components.seconds
        var claims: JSONObject = [
            "iss": .string(issuer), "sub": .string("\(client.id)@clients"), "aud": .string(client.audience),
            "iat": .integer(now.wall.seconds), "exp": .integer(now.wall.seconds + lifetime),
            "azp": .string(client.id), "gty": "client-credentials", "jti": .string(identifiers.uuid()),
        ]
        if !scopes.isEmpty { claims["scope"] = .string(scopes.joined(separator: " ")) }
        claims["org_id"] = organization.map { .string($0) }
        guard let token = try? signed(.object(claims)) else {
            return Self.error(500, "server_error", "The token could not be signed.")
        }
        var members: JSONObject = [
            "access_token": .string(token), "token_type": "Bearer", "expires_in": .integer(lifetime),
        ]
        members["scope"] = claims["scope"]
        return .json(200, .object(members))
    }

    /// A compact JWS over `claims` (RFC 7515 §7.1).
    private func signed(_ claims: JSON) throws(SigningError) -> String {
        let header: JSON = ["alg": "RS256", "kid": .string(signingKey.keyID), "typ": "JWT"]
        let input = "\(Base64.encodeURL(header.bytes())).\(Base64.encodeURL(claims.bytes()))"
        return "\(input).\(Base64.encodeURL(try signingKey.signRS256(Array(input.utf8))))"
    }

    // MARK: Errors (RFC 6749 §5.2, with Auth0's texts)

    /// The error for a wrong secret and for an unknown client: Auth0 does not tell them apart.
    private static func unauthorized(_ form: TokenForm) -> HTTPResponse {
        var response = error(401, "access_denied", "Unauthorized")
        if form.usesBasic { response.fields["WWW-Authenticate"] = "Basic realm=\"issuer\"" }
        return response
    }

    private static var tooMany: HTTPResponse {
        error(429, "too_many_requests", "Global limit has been reached")
    }

    private static func error(_ status: Int, _ code: String, _ description: String) -> HTTPResponse {
        .json(status, ["error": .string(code), "error_description": .string(description)])
    }

    // MARK: Discovery

    /// The key set (RFC 7517 §5).
    var keySet: HTTPResponse { .json(200, ["keys": [signingKey.publicKey]]) }

    /// The issuer's metadata (RFC 8414 §2, at the path of OpenID Connect Discovery).
    func configuration(issuer: String) -> HTTPResponse {
        .json(
            200,
            [
                "issuer": .string(issuer), "token_endpoint": .string(issuer + "oauth/token"),
                "jwks_uri": .string(issuer + ".well-known/jwks.json"), "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
            ])
    }
}
