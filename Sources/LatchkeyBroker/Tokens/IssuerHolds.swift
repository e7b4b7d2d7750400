internal import LatchkeyCore
internal import LatchkeyMetrics

/// Until when an issuer is left alone, and for whose sake. Pure.
struct IssuerHolds: Sendable {
    /// After the issuer asked for it (`Retry-After`), refused, or the whole budget was spent.
    private var all: Backoff?
    /// After the part of the budget was spent that is not kept for expiry.
    private var parts: [IssuePurpose: Backoff] = [:]

    /// Why the issuer must not be asked for that purpose now, if so.
    func held(_ purpose: IssuePurpose, _ now: Now) -> UpstreamFault? {
        all?.fault(at: now.monotonic) ?? parts[purpose]?.fault(at: now.monotonic)
    }

    /// Whichever failure tells the caller to wait longer: the issuer's own wish, if it outlasts Latchkey's pause.
    func longer(_ fault: UpstreamFault, _ now: Now) -> UpstreamFault {
        guard let held = held(.expiry, now), let wait = held.retryAfter, wait > fault.retryAfter ?? .zero else {
            return fault
        }
        return held
    }

    /// Notes what the issuer's answer, nil for a token, means for the next call to it.
    mutating func answered(_ fault: UpstreamFault?, _ purpose: IssuePurpose, _ now: Now) {
        let hold = fault.flatMap { fault in
            Self.wait(after: fault).map { Backoff(fault, since: now.monotonic, until: now.monotonic + $0) }
        }
        if fault?.reason == .budgetSpent, purpose != .expiry {
            parts[purpose] = hold
        } else {
            all = hold
        }
    }

    /// A refusal may have been mended by whoever clears the cache. What the issuer asked for stays.
    mutating func clear() {
        if all?.fault.reason == .denied { all = nil }
    }

    /// How long the issuer is left alone after a fault; nil where only Latchkey's own pauses hold.
    private static func wait(after fault: UpstreamFault) -> Duration? {
        let asked = fault.retryAfter.map { min(max($0, .seconds(1)), Backoff.longestRetryAfter) }
        switch fault.reason {
        case .denied: return Backoff.afterDenial
        case .throttled where fault.isIssuersWish: return asked ?? .seconds(1)
        case .budgetSpent: return asked
        // An issuer that fails may say for how long (RFC 9110 §15.6.4).
        case .unavailable where fault.upstream == .auth0 || fault.upstream == .oauth2: return asked
        case .throttled, .unavailable, .timedOut, .refused, .invalid, .overloaded, .notReady, .notFound: return nil
        }
    }
}
