internal import LatchkeyCore

/// The cached answer of a store that an item does not exist (negative cache).
struct SecretAbsence {
    /// The store's answer.
    let fault: UpstreamFault
    /// From when a request starts a read in the background (refresh-ahead).
    let aheadFrom: MonotonicTime
    let freshUntil: MonotonicTime
    /// Until when it may be served while its store fails.
    var staleUntil: MonotonicTime

    /// - Parameter jitter: uniform in [0, 1).
    init(
        _ item: SecretQuery, _ fault: UpstreamFault, _ now: Now, freshFor: Duration, staleFor: Duration, jitter: Double
    ) {
        self.fault = fault
        aheadFrom = now.monotonic + freshFor * SecretRecord.aheadFraction(jitter: jitter)
        freshUntil = now.monotonic + freshFor
        // The absence of the blob is served while the store fails, as values are. Otherwise an outage would affect
        // every parameter of an application without a blob. Any other absence is not: it may have become wrong.
        staleUntil = item.key == .blob ? freshUntil + staleFor : freshUntil
    }
}
