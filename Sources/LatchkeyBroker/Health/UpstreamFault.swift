package import LatchkeyCore
package import LatchkeyMetrics

/// Why an upstream did not provide what was requested.
///
/// The composition root converts the errors of the upstream clients to this type. The endpoints convert it to HTTP
/// problems.
package struct UpstreamFault: Error, Hashable, Sendable {
    /// The closed set of reasons.
    package enum Reason: Hashable, Sendable {
        /// The upstream answered that the item does not exist.
        case notFound
        /// The upstream denies access to Latchkey: credentials, policy or grant. Somebody has to fix that; a retry does
        /// not help.
        case denied
        /// The upstream rejects this request (any other 4xx). The same request never succeeds.
        case refused
        /// The upstream asks for a pause.
        case throttled
        /// The issuer was not called: this process has spent its budget of token requests.
        case budgetSpent
        /// No connection, a 5xx, or a truncated response.
        case unavailable
        /// No response before the deadline.
        case timedOut
        /// A response that cannot be used. `code` says why, without any of its content.
        case invalid
        /// Too many callers are waiting in this process.
        case overloaded
        /// Latchkey lacks something it needs for the request, for example credentials or the client id.
        case notReady
    }

    package var reason: Reason
    /// The upstream that failed; nil if Latchkey itself is the cause.
    package var upstream: Upstream?
    /// The upstream's error code (`AccessDeniedException`, `invalid_client`), or a ``FaultCode``.
    package private(set) var code: String?
    /// How long to wait before the next attempt, if known.
    package var retryAfter: Duration?
    /// The name of the parameter, secret or setting that failed, for the message to the caller and the log.
    package var subject: String?
    /// Whether the caller demanded a new read, none was made, and this is the result of an earlier one.
    package var isFromEarlierRead = false
    /// What failed, if it was a proxy and not the upstream: `the proxy host:port answers 407`.
    package var proxy: String?

    /// - Parameter code: dropped unless it is 1 to 64 letters, digits or `_ . - /`, because it comes from outside and
    ///   goes into headers.
    package init(
        _ reason: Reason, upstream: Upstream? = nil, code: String? = nil, retryAfter: Duration? = nil,
        subject: String? = nil
    ) {
        self.reason = reason
        self.upstream = upstream
        self.code = code.flatMap { Self.isPlain($0) ? $0 : nil }
        self.retryAfter = retryAfter
        self.subject = subject
    }

    /// A fault with one of Latchkey's own codes.
    package init(
        _ reason: Reason, upstream: Upstream? = nil, code: FaultCode, retryAfter: Duration? = nil,
        subject: String? = nil
    ) {
        self.init(reason, upstream: upstream, code: code.rawValue, retryAfter: retryAfter, subject: subject)
    }

    private static func isPlain(_ code: String) -> Bool {
        (1...64).contains(code.utf8.count)
            && code.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "_.-/".utf8.contains($0) }
    }

    /// Whether the same call may succeed later without anybody's intervention.
    package var isTransient: Bool {
        switch reason {
        case .throttled, .budgetSpent, .unavailable, .timedOut, .overloaded: true
        case .notFound, .denied, .refused, .invalid, .notReady: false
        }
    }

    /// Whether the upstream could not be called or did not answer.
    var isOutage: Bool { reason == .unavailable || reason == .timedOut || reason == .notReady }

    /// Whether an issuer asked for a pause. The whole fleet observes it.
    var isIssuerBackoff: Bool { reason == .throttled && (upstream == .auth0 || upstream == .oauth2) }

    /// Too many reads of the caller, or of all callers, wait for their turn.
    static let tooManyReads = UpstreamFault(
        .overloaded, retryAfter: .seconds(1),
        subject: "too many reads of this caller wait for the store; try again")

    /// A read of Parameter Store has waited for its turn until it was too late.
    static let tooManyCalls = UpstreamFault(
        .throttled, upstream: .parameterStore, code: .localRateLimit, retryAfter: .seconds(1))

    /// A caller has its share of the places for those that wait for one thing.
    package static let tooManyWaiters = UpstreamFault(
        .overloaded, retryAfter: .seconds(1),
        subject: "this caller has its share of the places to wait; try again")

    /// A short code for logs, metrics and `/health`: the upstream's own, else the code of the reason.
    package var summary: String { code ?? reason.code.rawValue }
}

extension UpstreamFault.Reason {
    /// The code of a fault that has none of its own.
    package var code: FaultCode {
        switch self {
        case .notFound: .notFound
        case .denied: .denied
        case .refused: .refused
        case .throttled: .throttled
        case .budgetSpent: .issueBudget
        case .unavailable: .unavailable
        case .timedOut: .timedOut
        case .invalid: .invalid
        case .overloaded: .overloaded
        case .notReady: .notReady
        }
    }
}
