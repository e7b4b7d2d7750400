internal import LatchkeyAWS
package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
package import LatchkeyMetrics

/// What the endpoints of every worker share.
package struct EndpointServices: Sendable {
    let keys: LiveKeys
    let tokens: TokenBroker
    let secrets: SecretBroker
    let audiences: AudienceCache
    let aws: AWSRequestHandler
    let metrics: Metrics
    let recorder: AnswerRecorder
    let scrapes: MetricsPages
    /// Whether load balancers should send requests here.
    let isReady: @Sendable () -> Bool
    /// What `/health` says.
    let health: @Sendable (Now) -> HealthReport
    let waits: SecretWaits
    let time: TimeSource
    /// The longest a caller waits: twice the upstream timeout.
    let callerTimeout: Duration

    package init(
        keys: LiveKeys,
        tokens: TokenBroker,
        secrets: SecretBroker,
        audiences: AudienceCache,
        aws: AWSRequestHandler,
        metrics: Metrics,
        recorder: AnswerRecorder,
        scrapes: MetricsPages,
        isReady: @escaping @Sendable () -> Bool,
        health: @escaping @Sendable (Now) -> HealthReport,
        waits: SecretWaits,
        time: TimeSource,
        callerTimeout: Duration
    ) {
        self.keys = keys
        self.tokens = tokens
        self.secrets = secrets
        self.audiences = audiences
        self.aws = aws
        self.metrics = metrics
        self.recorder = recorder
        self.scrapes = scrapes
        self.isReady = isReady
        self.health = health
        self.waits = waits
        self.time = time
        self.callerTimeout = callerTimeout
    }
}
