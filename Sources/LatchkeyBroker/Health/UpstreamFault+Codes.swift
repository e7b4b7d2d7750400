internal import LatchkeyCore

// Faults that Latchkey itself causes.
extension UpstreamFault {
    /// The caller forced a refresh, and the last forced refresh was less than ``FailureBackoff/betweenForced`` ago.
    package static let refreshFloor = UpstreamFault(.throttled, code: .refreshFloor)

    /// The caller has forced as many refreshes of the profile as its share of an hour allows.
    package static func refreshShare(_ wait: Duration) -> UpstreamFault {
        UpstreamFault(.throttled, code: .refreshFloor, retryAfter: wait)
    }

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
