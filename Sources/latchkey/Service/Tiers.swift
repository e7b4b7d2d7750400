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
