internal import LatchkeyCore
internal import LatchkeyMetrics

/// How long an issuer must not be called, and for which purposes. Pure.
struct IssuerBackoff: Sendable {
    /// After the issuer asked for it (`Retry-After`) or denied a request, or the whole budget was spent.
    private var all: Backoff?
    /// After a purpose spent its part of the budget. The reserve for expiry remains.
    private var purposes: [IssuePurpose: Backoff] = [:]

    /// Why the issuer must not be called for that purpose now; nil if it may be.
    func fault(_ purpose: IssuePurpose, _ now: Now) -> UpstreamFault? {
        all?.fault(at: now.monotonic) ?? purposes[purpose]?.fault(at: now.monotonic)
    }

    /// The fault with the longer wait: `fault`, or the issuer's backoff if it lasts longer.
    func longer(_ fault: UpstreamFault, _ now: Now) -> UpstreamFault {
        guard let backoff = self.fault(.expiry, now), let wait = backoff.retryAfter, wait > fault.retryAfter ?? .zero
        else { return fault }
        return backoff
    }

    /// Applies the result of a call to the issuer.
    ///
    /// - Parameter fault: nil if it issued a token.
    mutating func apply(_ fault: UpstreamFault?, _ purpose: IssuePurpose, _ now: Now) {
        let backoff = fault.flatMap { fault in
            Self.wait(after: fault).map { Backoff(fault, since: now.monotonic, until: now.monotonic + $0) }
        }
        if fault?.reason == .budgetSpent, purpose != .expiry {
            purposes[purpose] = backoff
        } else {
            all = backoff
        }
    }

    /// Ends the pause after a denial, because whoever clears the cache may have fixed its cause. A pause that the
    /// issuer asked for continues.
    mutating func clear() {
        if all?.fault.reason == .denied { all = nil }
    }

    /// How long the issuer must not be called after a fault; nil if the backoffs of ``ProfileState`` suffice.
    private static func wait(after fault: UpstreamFault) -> Duration? {
        let asked = fault.retryAfter.map { min(max($0, .seconds(1)), Backoff.maxRetryAfter) }
        switch fault.reason {
        case .denied: return Backoff.afterDenial
        case .throttled where fault.isIssuerBackoff: return asked ?? .seconds(1)
        case .budgetSpent: return asked
        // A 503 may have Retry-After (RFC 9110 §15.6.4).
        case .unavailable where fault.upstream == .auth0 || fault.upstream == .oauth2: return asked
        case .throttled, .unavailable, .timedOut, .refused, .invalid, .overloaded, .notReady, .notFound: return nil
        }
    }
}
