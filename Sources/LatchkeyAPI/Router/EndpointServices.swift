internal import LatchkeyAWS
package import LatchkeyAudit
package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
package import LatchkeyMetrics

/// The services that the routers of all workers share.
package struct EndpointServices: Sendable {
    let keys: LiveKeys
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
    let time: Timing
    /// How long a caller waits at most: twice the upstream timeout.
    let callerTimeout: Duration

    package init(
        keys: LiveKeys,
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
        time: Timing,
        callerTimeout: Duration
    ) {
        self.keys = keys
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
        self.time = time
        self.callerTimeout = callerTimeout
    }
}
