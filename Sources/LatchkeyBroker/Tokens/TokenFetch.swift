internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging

/// One trip past memory for one profile: shared tier, then issuer. Holds no state; what it learns it returns.
struct TokenFetch: Sendable {
    let profile: TokenProfile
    let shared: SharedTier?
    let buffer: ExpiryBuffer
    /// The longest one tier may take.
    let timeout: Duration
    let time: TimeSource
    let probe: TierProbe

    /// What the trip is for.
    struct Need: Sendable {
        let reason: RefreshReason
        let minTTL: Duration?
        /// The token in memory, which a refresh wants replaced.
        let current: AccessToken?
        /// Why the issuer must not be asked, if so.
        let issuerHeld: UpstreamFault?
    }

    /// What the trip brought.
    struct Result: Sendable {
        var token: AccessToken?
        /// What went wrong, also where a token came all the same.
        var fault: UpstreamFault?
        /// Whether the issuer was asked; `fault` is then its answer, nil for success.
        var askedIssuer = false
    }

    func run(_ need: Need, deadline: MonotonicTime) async -> Result {
        var fallback: AccessToken?
        if let found = await readShared(deadline) {
            if accepts(found, need) { return Result(token: found) }
            // Older than wished, yet better than nothing while the issuer is down.
            if need.reason == .cold { fallback = found }
        }
        if let held = need.issuerHeld {
            probe.skipped(.token, profile.issuer.tier)
            return Result(token: fallback, fault: held)
        }
        do throws(UpstreamFault) {
            return Result(token: try await issue(deadline), askedIssuer: true)
        } catch {
            return Result(token: fallback, fault: error, askedIssuer: true)
        }
    }

    /// A refresh accepts a token from the shared tier only if it is another and later one: a sibling was quicker.
    private func accepts(_ found: AccessToken, _ need: Need) -> Bool {
        let now = time.now()
        guard found.isFresh(now), found.lasts(need.minTTL, now, buffer: buffer) else { return false }
        guard need.reason != .cold, let current = need.current else { return true }
        return found.value != current.value && found.expiry.wall > current.expiry.wall
    }

    /// The shared tier's token. Nil for a miss and for a fault: both lead on to the issuer, and are counted apart.
    private func readShared(_ deadline: MonotonicTime) async -> AccessToken? {
        guard let shared else { return nil }
        let started = time.now()
        let stored: StoredToken?
        do throws(UpstreamFault) {
            stored = try await shared.read(profile.name, min(deadline, started.monotonic + timeout))
        } catch  where error.reason == .notFound {
            stored = nil
        } catch {
            probe.failed(.token, shared.tier, error, since: started)
            return nil
        }
        let now = time.now()
        switch stored?.judged(from: shared.tier, now: now, buffer: buffer) {
        case .usable(let token):
            probe.succeeded(.token, shared.tier, .hit, since: started)
            return token
        case .corrupt(let why):
            probe.log.warning(
                "the shared token cannot be used and will be overwritten",
                metadata: ["profile": "\(profile.name)", "tier": "\(shared.tier.name)", "why": "\(why)"])
            probe.succeeded(.token, shared.tier, .miss, since: started)
        case .absent, .expired, nil:
            probe.succeeded(.token, shared.tier, .miss, since: started)
        }
        return nil
    }

    private func issue(_ deadline: MonotonicTime) async throws(UpstreamFault) -> AccessToken {
        let issuer = profile.issuer
        let started = time.now()
        do throws(UpstreamFault) {
            let grant = try await issuer.issue(profile.name, min(deadline, started.monotonic + timeout))
            let token = try AccessToken(grant, from: issuer.tier, now: time.now(), buffer: buffer)
            probe.succeeded(.token, issuer.tier, .hit, since: started)
            return token
        } catch {
            probe.failed(.token, issuer.tier, error, since: started)
            throw error
        }
    }
}
