internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

extension SharedTier {
    /// Shares tokens in a pair of parameters: token and expiry, read together with the lease in one GetParameters. The
    /// token is written first. See <doc:ParameterLayout>.
    ///
    /// - Parameters:
    ///   - parameterTier: the tier of the token's parameter. The standard tier is not requested explicitly, so that a
    ///     parameter that is already in the advanced tier stays there.
    ///   - keyID: the KMS key of the token's parameter; nil for the account's default key.
    ///   - time: the clocks that the expiry is converted from.
    static func parameterStore(
        _ store: ParameterStore, prefix: String, parameterTier: ParameterTierChoice, keyID: String?,
        time: Timing
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
                // The response to the first write has just updated the store's clock.
                let expires = Secret(stored.dated(by: store.clock, time.now()).expires)
                try await store.put(names.expires, value: expires, kind: .string, overwrite: true, deadline: deadline)
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        } claim: { profile, lease, seen, deadline async throws(UpstreamFault) in
            let names = TokenParameters(prefix: prefix, profile: profile)
            do throws(AWSError) {
                // Every write increments the version, so the version shows whether anybody wrote after the lease was
                // read (PutParameter, `Version`). Creating the parameter fails if it exists. There is no retry: when a
                // whole fleet starts, another broker has probably got the lease, and reading it tells more than another
                // attempt.
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
