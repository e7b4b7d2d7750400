internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

// The tiers put together: the only place that sees both the broker and the upstreams.

extension SharedTier {
    /// The guide's parameter pair (contract §5): written token first, read together with the lease in one GetParameters.
    ///
    /// - Parameters:
    ///   - parameterTier: the tier that the token's parameter is written to. The standard one is not asked for, so that a
    ///     parameter that was in the advanced one before stays there.
    ///   - keyID: the KMS key that the token is written under; nil for the account's default key.
    static func parameterStore(
        _ store: ParameterStore, prefix: String, parameterTier: ParameterTierChoice, keyID: String?
    ) -> SharedTier {
        SharedTier(tier: .parameterStore, limit: parameterTier.tokenLimit) {
            profile, deadline async throws(UpstreamFault) in
            let names = TokenParameters(prefix: prefix, profile: profile)
            do throws(AWSError) {
                let found = try await store.get([names.token, names.expires, names.lease], deadline: deadline)
                var view = names.view(of: found.parameters)
                view.clock = store.clock
                return view
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        } write: { profile, stored, deadline async throws(UpstreamFault) in
            let names = TokenParameters(prefix: prefix, profile: profile)
            do throws(AWSError) {
                var write = ParameterWrite(
                    name: names.token, value: stored.token, kind: .secureString, overwrites: true)
                write.tier = parameterTier == .standard ? nil : parameterTier.requested(for: stored.token.count)
                write.keyID = keyID
                try await store.write(write, isRetried: true, deadline: deadline)
                // The first write's answer has just shown the store's clock.
                let expires = Secret(stored.dated(by: store.clock).expires)
                try await store.put(names.expires, value: expires, kind: .string, overwrite: true, deadline: deadline)
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        } claim: { profile, lease, seen, deadline async throws(UpstreamFault) in
            let names = TokenParameters(prefix: prefix, profile: profile)
            do throws(AWSError) {
                // Each write gets the next version, so it tells whether anybody wrote since the lease was read
                // (PutParameter, Version). Creation has a condition of its own. Tried once: in a fleet that starts at
                // once another broker has it meanwhile, and a look tells more than another try.
                let claim = LeaseClaim(lease, seen: seen)
                let version = try await store.put(
                    names.lease, value: Secret(lease.text), kind: .string, overwrite: claim.overwrites,
                    isRetried: false, deadline: deadline)
                return claim.isWon(version: version)
            } catch  where error.kind == .alreadyExists {
                return false
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        }
    }
}

extension ParameterTierChoice {
    /// The longest token that a parameter of this tier takes, and what to do about a longer one.
    var tokenLimit: SharedTokenLimit {
        let larger = ParameterTier.advanced
        let upgrade =
            longestValue < larger.longestValue
            ? "\(SettingName.tokenParameterTier.rawValue)=\(Self.advanced.rawValue) takes \(larger.longestValue) bytes, "
            : ""
        return SharedTokenLimit(
            bytes: longestValue,
            remedy: "\(upgrade)\(SettingName.sharedTier.rawValue)=dynamodb:<table> takes any token")
    }
}

/// A profile's parameters (contract §5).
struct TokenParameters {
    let token: String
    let expires: String
    let lease: String

    init(prefix: String, profile: String) {
        let path = Self.path(prefix: prefix, profile: profile)
        token = "\(path)/token"
        expires = "\(path)/expires"
        lease = "\(path)/lease"
    }

    /// Where a profile's are: the default one's next to those of the others.
    static func path(prefix: String, profile: String) -> String {
        profile == "default" ? "\(prefix)/auth0-cache" : "\(prefix)/auth0-cache/\(profile)"
    }

    /// What the parameters that were found say.
    func view(of parameters: [Parameter]) -> SharedTokenSnapshot {
        let token = parameters.first { $0.name == self.token }
        let expires = parameters.first { $0.name == self.expires }
        let lease = parameters.first { $0.name == self.lease }
        var view = SharedTokenSnapshot(version: token?.version ?? 0)
        if let lease {
            // A parameter that is there has a version from 1 on.
            view.lease = lease.version > 0 ? lease.value.revealText().flatMap { Lease($0) } : nil
            view.leaseVersion = lease.version
            view.unreadableLease = lease.version > 0 ? nil : .null
        }
        if let token {
            view.pair = StoredToken(
                token: token.value, expires: expires?.value.revealText() ?? "", tokenWritten: token.lastModified,
                expiresWritten: expires?.lastModified)
        }
        return view
    }
}
