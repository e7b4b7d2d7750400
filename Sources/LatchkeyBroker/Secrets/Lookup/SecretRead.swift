internal import LatchkeyCore
internal import LatchkeyMetrics

/// One item, from memory or from its store.
struct SecretRead: Sendable {
    typealias Outcome = Result<SecretRead, UpstreamFault>

    let record: SecretRecord
    /// Memory, or the store that was read for this caller.
    let tier: Tier
    /// Why the record is not as new as demanded.
    var fault: UpstreamFault?

    /// Whether the record is beyond its TTL. A record that was just read is not, however short its TTL is.
    func isStale(_ now: Now) -> Bool { tier == .memory && !record.isFresh(now) }
}

extension SecretRead.Outcome {
    /// The outcome for a caller that demanded a read of its own and gets the result of an earlier one.
    func asEarlierRead(because fault: UpstreamFault = .refreshFloor) -> Self {
        switch self {
        case .success(var read):
            read.fault = read.fault ?? fault
            return .success(read)
        case .failure(var failure):
            failure.isFromEarlierRead = true
            return .failure(failure)
        }
    }
}
