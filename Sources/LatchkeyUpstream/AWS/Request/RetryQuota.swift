/// The retry quota of one AWS service, as in the SDKs' standard retry mode: a count of tokens that retries take and
/// successful calls return.
///
/// At the start of an outage calls are retried. Once the quota is used up they fail at their first attempt, so that
/// retries do not multiply the load. Pure.
struct RetryQuota: Sendable {
    private static let capacity = 500
    private var available = Self.capacity

    /// The tokens that a retry after `error` takes.
    static func cost(_ error: AWSError) -> Int { error.kind == .throttled ? 5 : 14 }

    /// Takes the tokens for one retry. False if too few are left; then none are taken.
    mutating func take(_ cost: Int) -> Bool {
        guard cost <= available else { return false }
        available -= cost
        return true
    }

    /// Returns the tokens of a call that succeeded: the cost of its last retry, or 1 if it needed none.
    mutating func succeeded(lastRetryCost: Int?) {
        available = min(Self.capacity, available + (lastRetryCost ?? 1))
    }
}
