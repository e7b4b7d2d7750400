internal import LatchkeyCrypto

extension TokenRefresh {
    /// The time limits of a refresh.
    package struct Limits: Hashable, Sendable {
        /// The maximum duration of one step (`LATCHKEY_UPSTREAM_TIMEOUT`).
        package var timeout: Duration
        /// The length of a lease. A token has to be issued and written in it, so it is as long as one request may take.
        var lease: Duration { timeout }
        /// How long a replica without a token waits for others, over any number of refreshes, before it calls the
        /// issuer in any case. In that time a thousand replicas that start together have read the token.
        var maxDeferral: Duration = .seconds(60)
        /// How many leases of others it waits for in that time: one whose holder may be dead, and the next one. More
        /// leases mean that tokens are issued and cannot be shared.
        var maxLeases = 2
        /// The first delay before the shared tier is read again. Each next delay is twice as long, up to
        /// ``maxPollDelay``. Each delay is multiplied by 0.5 to 1.5.
        var firstPollDelay: Duration = .milliseconds(200)
        var maxPollDelay: Duration = .seconds(2)
        /// The number of claims that may fail before the refresh gives up the lease.
        var maxClaimAttempts = 3
        /// The maximum duration of a claim while callers have no token. A shared tier with slow writes must not delay
        /// them longer. While there is a token, a claim may take half of its remaining time, up to ``timeout``; the
        /// other half is for the issuer.
        var maxClaimDuration: Duration = .milliseconds(500)
        /// The maximum length in bytes of a token that this replica can share; nil if there is none.
        var maxTokenBytes: Int?
        /// The issuer is not called with less time left, because its token would be paid for and arrive too late.
        var minIssueTime: Duration { min(.seconds(1), timeout / 4) }

        package init(timeout: Duration = .seconds(5), maxTokenBytes: Int? = nil) {
            self.timeout = timeout
            self.maxTokenBytes = maxTokenBytes
        }

        /// The purpose of the lease for a token that is too long to be shared; nil for a token that can be shared.
        func tooLarge(_ token: AccessToken) -> Lease.Purpose? {
            let bytes = Int64(token.value.count)
            return isTooLong(bytes) ? .tooLarge(bytes: bytes) : nil
        }

        /// Whether a token of that many bytes is too long to be shared.
        func isTooLong(_ bytes: Int64) -> Bool { maxTokenBytes.map { bytes > $0 } ?? false }
    }
}
