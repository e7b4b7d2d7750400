internal import LatchkeyCore

// Faults that Latchkey itself causes.
extension UpstreamFault {
    /// The caller forced a refresh, and the last forced refresh was less than ``Backoff/betweenForced`` ago.
    package static let refreshFloor = UpstreamFault(.throttled, code: .refreshFloor)

    /// The profile was redefined while the caller waited.
    package static let profileChanged = UpstreamFault(.unavailable, code: .profileChanged, retryAfter: .seconds(1))

    /// The issuer is not called, because an earlier rejection already caused a recent issuance.
    static func rejectionFloor(_ wait: Duration) -> UpstreamFault {
        UpstreamFault(.throttled, code: .rejectionFloor, retryAfter: wait)
    }

    /// The issuer is not called because of a rejection, because its remaining quota is low.
    static func quotaLow(_ wait: Duration) -> UpstreamFault {
        UpstreamFault(.throttled, code: .issuerQuotaLow, retryAfter: wait)
    }
}
