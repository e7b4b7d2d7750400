package import LatchkeyCore
package import LatchkeyMetrics

/// Why something that lives outside the process could not be had. The composition root makes these from the
/// upstream rooms' errors; one exhaustive switch turns them into HTTP answers.
package struct UpstreamFault: Error, Hashable, Sendable {
    /// The closed set of reasons.
    package enum Reason: Hashable, Sendable {
        /// The upstream answered, and there is no such thing.
        case notFound
        /// The upstream refuses Latchkey: credentials, policy, grant. Trying again does not help until somebody acts.
        case denied
        /// The upstream does not take the request as it is (a 4xx of no other reason); the same request never succeeds.
        case refused
        /// The upstream asks to be left alone for a while.
        case throttled
        /// Nobody was asked: Latchkey's own budget of requests to this issuer is used up, in this process alone.
        case budgetSpent
        /// No connection, a 5xx, or an answer cut off.
        case unavailable
        /// No answer by the deadline.
        case timedOut
        /// An answer that makes no sense. `code` names what is wrong with it, never what it held.
        case invalid
        /// Latchkey itself has too many callers waiting.
        case overloaded
        /// Latchkey lacks what it needs to ask (no credentials, no client id yet).
        case notReady
    }

    package var reason: Reason
    /// Which upstream; nil when Latchkey itself is the cause.
    package var upstream: Upstream?
    /// The upstream's own code (`AccessDeniedException`, `invalid_client`), or Latchkey's word for what is wrong.
    package private(set) var code: String?
    /// How long to wait before asking again, where known.
    package var retryAfter: Duration?
    /// The parameter or secret that is at fault, by name; for the message to the caller and the log.
    package var subject: String?
    /// The caller demanded a read of its own, none was made, and this is what an earlier one said.
    package var isFromEarlierRead = false
    /// What failed on the way, where it was a proxy and not the upstream: `the proxy host:port answers 407`.
    package var proxy: String?

    /// `code` is kept only if it is 1–64 letters, digits or `_ . - /`: it comes from outside and goes into headers.
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

    /// With a code of Latchkey's own.
    package init(
        _ reason: Reason, upstream: Upstream? = nil, code: FaultCode, retryAfter: Duration? = nil,
        subject: String? = nil
    ) {
        self.init(reason, upstream: upstream, code: code.rawValue, retryAfter: retryAfter, subject: subject)
    }

    private static func isPlain(_ code: String) -> Bool {
        (1...64).contains(code.utf8.count)
            && code.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E, 0x2D, 0x2F: true
                default: false
                }
            }
    }

    /// Whether the same call may succeed later although nobody acts.
    package var mayPass: Bool {
        switch reason {
        case .throttled, .budgetSpent, .unavailable, .timedOut, .overloaded: true
        case .notFound, .denied, .refused, .invalid, .notReady: false
        }
    }

    /// An issuer asks to be left alone: a wish that the whole fleet keeps.
    var isIssuersWish: Bool { reason == .throttled && (upstream == .auth0 || upstream == .oauth2) }

    /// One short word for logs, metrics and `/health`: the upstream's code, or else the word for the reason.
    package var summary: String { code ?? reason.code.rawValue }
}

extension UpstreamFault.Reason {
    /// The word for a fault that has no code.
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

extension Tier {
    /// The upstream that stands behind a tier; nil for memory.
    var upstream: Upstream? {
        switch self {
        case .memory: nil
        case .parameterStore: .parameterStore
        case .secretsManager: .secretsManager
        case .auth0: .auth0
        case .oauth2: .oauth2
        case .dynamodb: .dynamodb
        }
    }
}
