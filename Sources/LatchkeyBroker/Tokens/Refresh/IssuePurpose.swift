internal import LatchkeyCore

/// Why an issuer is called. It decides how much of the budget may be spent.
package enum IssuePurpose: Hashable, Sendable {
    /// There is no token, or the one in memory expires soon. The whole budget may be spent.
    case expiry
    /// A caller wants a newer token (`refresh`, `min_ttl`) although the one in memory is good.
    case caller
    /// A resource server rejected the token in memory, which has not expired. The issuer is called once, without
    /// retries.
    case rejection

    /// The number of requests per hour that must be left for ``expiry``: a quarter of the budget.
    ///
    /// Rejections round it up, so that even a small budget keeps one request.
    package func reserve(of perHour: Int) -> Int {
        switch self {
        case .expiry: 0
        case .caller: perHour / 4
        case .rejection: perHour / 4 + (perHour % 4 == 0 ? 0 : 1)
        }
    }
}
