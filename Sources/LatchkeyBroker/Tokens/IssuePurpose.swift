internal import LatchkeyCore

/// Why an issuer is asked. It decides how much of the budget may be spent.
package enum IssuePurpose: Hashable, Sendable {
    /// There is no token, or the end of the one in memory is near. All of the budget may be spent.
    case expiry
    /// A caller wants a newer token than the one in memory, which is good (`refresh`, `min_ttl`).
    case caller
    /// A resource server refused the token in memory, which has not expired. The issuer is asked once, without retries.
    case rejection

    /// The part of a budget that is kept for ``expiry``: a quarter. Of a small budget, rejections leave one request in
    /// any case.
    package func reserve(of perHour: Int) -> Int {
        switch self {
        case .expiry: 0
        case .caller: perHour / 4
        case .rejection: perHour / 4 + (perHour % 4 == 0 ? 0 : 1)
        }
    }
}

extension UpstreamFault {
    /// The caller asked for a read or an issuance of its own, and one was made too short a time ago.
    package static let refreshFloor = UpstreamFault(.throttled, code: .refreshFloor)
    /// The profile was defined anew while its caller waited.
    package static let profileChanged = UpstreamFault(.unavailable, code: .profileChanged, retryAfter: .seconds(1))

    /// The issuer is not asked because rejections caused an issuance too short a time ago.
    static func rejectionFloor(_ wait: Duration) -> UpstreamFault {
        UpstreamFault(.throttled, code: .rejectionFloor, retryAfter: wait)
    }

    /// The issuer is not asked because of a rejection: little is left of what it allows.
    static func quotaLow(_ wait: Duration) -> UpstreamFault {
        UpstreamFault(.throttled, code: .issuerQuotaLow, retryAfter: wait)
    }
}
