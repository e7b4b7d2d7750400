internal import LatchkeyAWS
package import LatchkeyAudit
package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
package import LatchkeyMetrics

/// The services that the routers of all workers share.
package struct EndpointServices: Sendable {
    let keys: LiveKeys
    let tokenIssuers: TokenIssuers
    /// Delays answers to wrong credentials.
    let failures: FailureLimiter
    let tokens: TokenBroker
    let secrets: SecretBroker
    let audiences: AudienceCache
    let aws: AWSRequestHandler
    let metrics: Metrics
    var recorder: AnswerRecorder
    /// Nil without an audit log.
    let audit: AuditLog?
    let metricsRenderer: MetricsRenderer
    let senders: SenderRules
    /// Whether load balancers should send requests here.
    let isReady: @Sendable () -> Bool
    /// The body of `GET /health`.
    let health: @Sendable (Now) -> HealthReport
    let secretWaiter: SecretChangeWaiter
    /// Makes what memory has forgotten or marked durable, and calls the completion, on any thread; nil if memory does not
    /// outlive the process.
    let commit: Commit?
    let time: Timing
    /// How long a caller waits at most: twice the upstream timeout.
    let callerTimeout: Duration

    package typealias Commit = @Sendable (_ completion: @escaping @Sendable () -> Void) -> Void

    package init(
        keys: LiveKeys,
        tokenIssuers: TokenIssuers = .none,
        failures: FailureLimiter,
        tokens: TokenBroker,
        secrets: SecretBroker,
        audiences: AudienceCache,
        aws: AWSRequestHandler,
        metrics: Metrics,
        recorder: AnswerRecorder,
        audit: AuditLog? = nil,
        metricsRenderer: MetricsRenderer,
        senders: SenderRules,
        isReady: @escaping @Sendable () -> Bool,
        health: @escaping @Sendable (Now) -> HealthReport,
        secretWaiter: SecretChangeWaiter,
        commit: Commit? = nil,
        time: Timing,
        callerTimeout: Duration
    ) {
        self.keys = keys
        self.tokenIssuers = tokenIssuers
        self.failures = failures
        self.tokens = tokens
        self.secrets = secrets
        self.audiences = audiences
        self.aws = aws
        self.metrics = metrics
        self.recorder = recorder
        self.audit = audit
        self.metricsRenderer = metricsRenderer
        self.senders = senders
        self.isReady = isReady
        self.health = health
        self.secretWaiter = secretWaiter
        self.commit = commit
        self.time = time
        self.callerTimeout = callerTimeout
    }
}
