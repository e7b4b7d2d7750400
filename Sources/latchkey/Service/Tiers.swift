internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyUpstream

// The tiers put together: the only place that sees both the broker and the upstreams.

extension SharedTier {
    /// The guide's parameter pair: read in one GetParameters, written token first (contract §5).
    static func parameterStore(_ store: ParameterStore, prefix: String) -> SharedTier {
        SharedTier(tier: .parameterStore) { profile, deadline async throws(UpstreamFault) in
            let pair = TokenPair(prefix: prefix, profile: profile)
            do throws(AWSError) {
                let found = try await store.get([pair.token, pair.expires], deadline: deadline).parameters
                guard let token = found.first(where: { $0.name == pair.token }),
                    let expires = found.first(where: { $0.name == pair.expires })
                else { return nil }
                return StoredToken(token: token.value, expires: expires.value.revealText() ?? "")
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        } write: { profile, stored, deadline async throws(UpstreamFault) in
            let pair = TokenPair(prefix: prefix, profile: profile)
            do throws(AWSError) {
                try await store.put(
                    pair.token, value: stored.token, kind: .secureString, overwrite: true, deadline: deadline)
                try await store.put(
                    pair.expires, value: Secret(stored.expires), kind: .string, overwrite: true, deadline: deadline)
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        }
    }
}

/// The names of a profile's pair (contract §5).
struct TokenPair {
    let token: String
    let expires: String

    init(prefix: String, profile: String) {
        let path = profile == "default" ? "\(prefix)/auth0-cache" : "\(prefix)/auth0-cache/\(profile)"
        token = "\(path)/token"
        expires = "\(path)/expires"
    }
}

extension SecretSource {
    static func parameterStore(_ store: ParameterStore, prefix: String) -> SecretSource {
        SecretSource(tier: .parameterStore, prefix: prefix) {
            name, version, label, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                // A selector stands behind a colon (GetParameter, Name).
                let selector = (version ?? label).map { ":\($0)" } ?? ""
                let parameter = try await store.get(name + selector, deadline: deadline)
                return FetchedSecret(value: parameter.value, version: String(parameter.version))
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        }
    }

    static func secretsManager(_ store: SecretsManager, prefix: String) -> SecretSource {
        SecretSource(tier: .secretsManager, prefix: prefix) {
            name, version, label, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                let secret = try await store.get(name, versionID: version, stage: label, deadline: deadline)
                return FetchedSecret(value: secret.value, isBinary: secret.isBinary, version: secret.versionID)
            } catch {
                throw UpstreamFault(error, from: .secretsManager)
            }
        }
    }
}

/// Asks Auth0 for the default profile's token, with what settings give and the blob fills in.
struct Auth0Source: Sendable {
    let settings: Settings.Auth0
    let secrets: SecretBroker
    let issuer: TokenIssuer

    /// The tier the token broker asks last.
    var tier: IssuerTier {
        IssuerTier(tier: .auth0) { _, deadline async throws(UpstreamFault) in
            let request = try await self.request(deadline: deadline)
            do throws(IssuerError) {
                let token = try await issuer.issue(request, deadline: deadline)
                return IssuedGrant(
                    value: token.value, tokenType: token.tokenType, expiresIn: token.expiresIn, scope: token.scope)
            } catch {
                throw UpstreamFault(error, from: .auth0)
            }
        }
    }

    private func request(deadline: MonotonicTime) async throws(UpstreamFault) -> TokenRequest {
        let id = try await value("AUTH0_CLIENT_ID", settings.clientID, deadline)
        let secret: Secret
        if let given = settings.clientSecret {
            secret = given
        } else {
            secret = try await fromStore("AUTH0_CLIENT_SECRET", deadline)
        }
        let audience = try await value("AUTH0_AUDIENCE", settings.audience, deadline)
        return TokenRequest(
            kind: .auth0, endpoint: try await endpoint(deadline),
            credentials: ClientCredentials(clientID: id, clientSecret: secret), audience: audience)
    }

    private func endpoint(_ deadline: MonotonicTime) async throws(UpstreamFault) -> TokenEndpoint {
        if let endpoint = settings.endpoint { return endpoint }
        let domain = try await value("AUTH0_DOMAIN", settings.domain, deadline)
        do throws(TokenEndpoint.Refusal) {
            return try TokenEndpoint.auth0(domain: domain)
        } catch {
            throw UpstreamFault(
                .notReady, upstream: .auth0, code: "AUTH0_DOMAIN", subject: "AUTH0_DOMAIN is no host name")
        }
    }

    private func value(
        _ name: String, _ given: String?, _ deadline: MonotonicTime
    ) async throws(UpstreamFault) -> String {
        if let given { return given }
        guard let text = try await fromStore(name, deadline).revealText() else {
            throw UpstreamFault(.notReady, upstream: .auth0, code: name, subject: "\(name) is not text")
        }
        return text
    }

    /// A field of the blob, by way of the secret cache.
    private func fromStore(_ name: String, _ deadline: MonotonicTime) async throws(UpstreamFault) -> Secret {
        let missing = UpstreamFault(
            .notReady, upstream: .auth0, code: name, subject: "\(name) is neither set nor in the blob")
        guard let key = SecretKey(name) else { throw missing }
        do throws(UpstreamFault) {
            return try await secrets.secret(SecretQuery(key), deadline: deadline).entry.value
        } catch {
            throw error.reason == .notFound ? missing : error
        }
    }
}
