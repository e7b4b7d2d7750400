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
