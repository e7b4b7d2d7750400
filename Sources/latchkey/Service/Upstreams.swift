internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyNet
internal import LatchkeyUpstream
internal import Logging

/// The clients of everything outside the process, and the brokers over them: what `serve` and the commands that go to
/// the upstreams directly have in common.
struct Upstreams: Sendable {
    let parameterStore: ParameterStore
    let secretsManager: SecretsManager
    let tokens: TokenBroker
    let secrets: SecretBroker
    let metrics: Metrics
    let health: TierHealth
    /// The tiers settings put to use, nearest first.
    let tiersInForce: [Tier]
    private let clients: [HTTPClient]

    init(_ settings: Settings, time: TimeSource, log: Logger) throws(SystemError) {
        let backend: Tier = settings.backend == .parameterStore ? .parameterStore : .secretsManager
        let sharesTokens = settings.sharedTier == .parameterStore
        tiersInForce =
            (sharesTokens || backend == .parameterStore ? [.parameterStore] : [])
            + (backend == .secretsManager ? [.secretsManager] : []) + [.auth0]
        metrics = Self.makeMetrics(backend: backend, sharesTokens: sharesTokens)
        health = TierHealth()
        let client = try HTTPClient()
        var awsHTTP = client
        if let bundle = settings.aws.caBundle {
            var configuration = HTTPClient.Configuration()
            configuration.trust = .file(bundle)
            awsHTTP = try HTTPClient(configuration: configuration)
        }
        clients = [client, awsHTTP]
        let aws = Self.makeAWS(settings, transport: awsHTTP.transport, metrics: metrics, time: time, log: log)
        parameterStore = ParameterStore(aws)
        secretsManager = SecretsManager(aws)
        secrets = SecretBroker(
            source: backend == .parameterStore
                ? .parameterStore(parameterStore, prefix: settings.prefix)
                : .secretsManager(secretsManager, prefix: settings.prefix),
            configuration: Self.secretConfiguration(settings), time: time, metrics: metrics, health: health, log: log)
        var tokenConfiguration = TokenBroker.Configuration()
        tokenConfiguration.buffer = ExpiryBuffer(settings.tokenExpiryBuffer)
        tokenConfiguration.upstreamTimeout = settings.upstreamTimeout
        tokens = TokenBroker(
            profiles: [
                TokenProfile(
                    name: "default",
                    issuer: Self.issuer(settings, secrets: secrets, client: client, metrics: metrics, time: time))
            ], shared: sharesTokens ? .parameterStore(parameterStore, prefix: settings.prefix) : nil,
            configuration: tokenConfiguration, time: time, metrics: metrics, health: health, log: log)
    }

    /// Ends the clients' loops and connections.
    func shutdown() { for client in clients { client.shutdown() } }

    private static func makeMetrics(backend: Tier, sharesTokens: Bool) -> Metrics {
        Metrics(
            version: Version.number, profiles: ["default"],
            tiersInForce: [(.token, .memory), (.token, .auth0), (.secret, .memory), (.secret, backend)]
                + (sharesTokens ? [(.token, .parameterStore)] : []),
            readProcess: { ProcessFiles.read() })
    }

    private static func makeAWS(
        _ settings: Settings, transport: @escaping HTTPTransport, metrics: Metrics, time: TimeSource, log: Logger
    ) -> AWSClient {
        let credentials = CredentialChain(
            [.environment(settings.environment), .sharedFiles(settings.environment, readFile: Files.text)], time: time,
            log: log)
        var environment = AWSClient.Environment(
            configuration: settings.aws, credentials: credentials, transport: transport, metrics: metrics, time: time,
            attemptTimeout: settings.upstreamTimeout, userAgent: Version.userAgent, sleep: TokenIssuer.sleep)
        environment.callsPerSecond = [.parameterStore: settings.ssmMaxTPS]
        return AWSClient(environment)
    }

    private static func secretConfiguration(_ settings: Settings) -> SecretBroker.Configuration {
        var configuration = SecretBroker.Configuration()
        configuration.freshTTL = settings.secretTTL
        configuration.negativeTTL = settings.negativeTTL
        configuration.staleTTL = settings.staleTTL
        configuration.upstreamTimeout = settings.upstreamTimeout
        return configuration
    }

    private static func issuer(
        _ settings: Settings, secrets: SecretBroker, client: HTTPClient, metrics: Metrics, time: TimeSource
    ) -> IssuerTier {
        let issuer = TokenIssuer(
            transport: client.transport, time: time, version: Version.number,
            observe: { call in
                metrics.upstreamRequest(call.upstream, .issueToken, call.outcome, call.duration)
                if call.attempt > 1 { metrics.upstreamRetry(call.upstream) }
                for allowance in call.quota.allowances {
                    metrics.issuerQuota(profile: 0, allowance.bucket, remaining: allowance.remaining)
                }
            })
        return Auth0Source(
            settings: settings, secrets: secrets, issuer: issuer, budget: IssueBudget(settings.issueBudget), time: time
        ).tier
    }
}
