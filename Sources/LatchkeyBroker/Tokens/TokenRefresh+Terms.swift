package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

// What a trip is told, what it says, and how long it may wait.
extension TokenRefresh {
    /// What the trip is for.
    package struct Need: Sendable {
        package var reason: RefreshReason
        /// Its place in the order in which trips start.
        package var trip: UInt64 = 0
        /// What a request to the issuer is for.
        package var purpose = IssuePurpose.expiry
        /// The life a caller wishes for.
        package var minTTL: Duration?
        /// The token in memory, which a refresh wants replaced.
        package var current: AccessToken?
        /// Tokens that resource servers refused; nothing with one of these digests is accepted while there is another.
        package var rejected: [Digest] = []
        /// Why the issuer must not be asked, if so.
        package var issuerHeld: UpstreamFault?
        /// How long this broker has let the fleet go first without getting a token.
        package var deferral: Deferral?
        /// The version of the lease this broker won last; a trip of its own that is over is not waited for.
        package var ownLease: Int64?
        /// Memory was cleared and no trip is over since: what this broker was about before is not waited for either.
        package var isCleared = false
        /// What the token is to be for (``TokenProfile/definition``).
        package var definition: String?
        /// The definition has changed while the broker ran, so a shared token counts only if it is known to be for this
        /// one.
        package var isRedefined = false

        package init(_ reason: RefreshReason, minTTL: Duration? = nil) {
            self.reason = reason
            self.minTTL = minTTL
        }

        /// Whether a pair may be for the definition.
        func accepts(_ pair: SharedTokenSnapshot.PairDefinition) -> Bool {
            switch pair {
            case .unknown: !isRedefined
            case .known(let other): other == definition || (other == nil && !isRedefined)
            }
        }

        /// Whether what a lease asks for (``Lease/Purpose/rest``, ``Lease/Purpose/spare``) concerns the definition: the
        /// issuer of another one may be another.
        func isBound(by lease: Lease) -> Bool { accepts(.known(lease.definition)) }
    }

    /// What letting other brokers go first has cost so far, over any number of trips.
    package struct Deferral: Hashable, Sendable {
        package var since: MonotonicTime
        /// Leases of others that were waited for. Claims that raced for one end at about the same time, and are one.
        package var leases: Int
        /// When the last of them ends.
        package var until: WallTime?

        package init(since: MonotonicTime, leases: Int = 0, until: WallTime? = nil) {
            self.since = since
            self.leases = leases
            self.until = until
        }

        /// Notes that a lease is waited for.
        mutating func wait(for lease: Lease, length: Duration) {
            if let until, lease.until - until < length / 2 { return }
            leases += 1
            until = lease.until
        }
    }

    /// Every wait of a trip, and its bound.
    package struct Limits: Hashable, Sendable {
        /// The longest one step may take (`LATCHKEY_UPSTREAM_TIMEOUT`).
        package var timeout: Duration
        /// A lease's length: long enough for a token to be issued and written, so as long as one request may take.
        package var lease: Duration { timeout }
        /// How long a broker without a token lets the others go first, over any number of trips, before it asks the
        /// issuer whatever the shared tier says. A thousand brokers that start at once have read their token by then.
        package var patience: Duration = .seconds(60)
        /// How many leases of others it waits for meanwhile: one whose holder may die, and the one after it. More mean
        /// that tokens are issued and cannot be shared.
        package var leases = 2
        /// The first pause before another look at the shared tier; each next one is twice as long, up to
        /// ``longestPoll``. Each is drawn from half to one and a half times its length.
        package var firstPoll: Duration = .milliseconds(200)
        package var longestPoll: Duration = .seconds(2)
        /// Attempts to write the lease that may fail without an answer to who holds it.
        package var claims = 3
        /// The longest one claim may take while callers have no token: a shared tier that is slow to write is not to
        /// delay them by more. Where they have one, a claim may take half of what is left of it, up to ``timeout``:
        /// the other half is for the issuer.
        package var longestClaim: Duration = .milliseconds(500)

        /// The most bytes of a token that this broker can share; nil for any.
        package var longestToken: Int?

        /// With less time left the issuer is not asked: its token would be paid for and come too late.
        package var leastIssue: Duration { min(.seconds(1), timeout / 4) }

        package init(timeout: Duration = .seconds(5), longestToken: Int? = nil) {
            self.timeout = timeout
            self.longestToken = longestToken
        }

        /// What the lease says of a token that is too long to be shared; nil for one that can be.
        func tooLarge(_ token: AccessToken) -> Lease.Purpose? {
            let bytes = Int64(token.value.count)
            return isTooLong(bytes) ? .tooLarge(bytes: bytes) : nil
        }

        /// Whether a token of so many bytes is too long to be shared.
        func isTooLong(_ bytes: Int64) -> Bool { longestToken.map { bytes > $0 } ?? false }
    }

    /// What to do next.
    package enum Step: Sendable {
        /// Read the shared tier.
        case read
        /// Nothing, until then.
        case pause(until: MonotonicTime)
        /// Write this lease if nobody has since, by then.
        case claim(Lease, seen: SharedTokenSnapshot, by: MonotonicTime)
        /// Ask the issuer.
        case issue
        case done(Outcome)
    }

    /// What the trip brought.
    package struct Outcome: Sendable {
        package var token: AccessToken?
        /// What went wrong, also where a token came all the same.
        package var fault: UpstreamFault?
        /// ``Need/trip`` and ``Need/purpose`` of the trip.
        package var trip: UInt64 = 0
        package var purpose = IssuePurpose.expiry
        /// Whether the issuer was asked; `fault` is then its answer, nil for success.
        package var askedIssuer = false
        /// Set where the trip let another broker go first, and nothing has come of it yet.
        package var deferral: Deferral?
        /// The version of the shared token that was seen last.
        package var sharedVersion: Int64 = 0
        /// The token came from the shared tier without its time, and whoever was to write that is gone.
        package var isTorn = false
        /// The version of the lease the trip held.
        package var heldLease: Int64?
        /// To be written over our own lease, after the pair where there is one: what the issuer wants the fleet to keep.
        package var notice: (lease: Lease, seen: SharedTokenSnapshot)?
        /// No token ahead of need for so long: the issuer has little left.
        package var sparesFor: Duration?

        package init(token: AccessToken? = nil, fault: UpstreamFault? = nil) {
            self.token = token
            self.fault = fault
        }

        /// How metrics count it.
        package var result: RefreshOutcome {
            if token != nil { return .success }
            return deferral != nil || sparesFor != nil ? .deferred : .failure
        }
    }
}
