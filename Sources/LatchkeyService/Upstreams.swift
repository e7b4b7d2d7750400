package import LatchkeyBroker
package import LatchkeyConfine
package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
package import LatchkeyNet
package import LatchkeySettings
package import LatchkeyUpstream
package import Logging

/// The clients of all upstreams and the brokers over them, as `serve` and the commands without a broker need them.
package struct Upstreams: Sendable {
    package let parameterStore: ParameterStore
    package let secretsManager: SecretsManager
    package let lambda: Lambda
    /// The client for signed calls that belong to no store.
    package let aws: AWSClient
    /// The issuer of each profile, in the order of the profiles.
    package let issuers: [IssuerTier]
    /// The source of AWS credentials. Its report says which provider answered and why the others did not.
    package let credentials: CredentialChain
    /// Where replicas share tokens; nil for none.
    package let sharedTier: SharedTier?
    package let tokens: TokenBroker
    package let secrets: SecretBroker
    let metrics: Metrics
    let health: TierHealth
    /// The state of followed files and parameters.
    let reloads: ReloadHealth
    /// The files that settings and profiles name.
    let files: FollowedFiles
    /// The current token profiles.
    let profiles: LiveProfiles
    /// The key sets of the issuers that callers' tokens are verified with; none before the first
    /// ``KeySets/replace(with:)``.
    let keySets: KeySets
    /// Which parts of the service are in use.
    package let use: ServiceUse
    /// Where spans wait to be exported; nil if they are not.
    let spans: SpanQueue?
    private let clients: [HTTPClient]
    /// The event loops of the clients.
    var eventLoops: [LoopHandle] { clients.map(\.loop) }

    /// - Parameters:
    ///   - scope: the files that this process can read.
    ///   - maxWritesPerSecond: writes to Parameter Store per second.
    package init(
        _ settings: Settings, scope: FileScope = .everything, time: Timing, log: Logger,
        maxWritesPerSecond: Int = AWSQuota.maxWritesPerSecond
    ) throws(SystemError) {
        let stores = settings.backend.stores
        let metrics = Self.makeMetrics(settings, stores: stores)
        self.metrics = metrics
        health = TierHealth()
        reloads = ReloadHealth(metrics: metrics, time: time)
        files = FollowedFiles(health: reloads, time: time, log: log, read: FollowedFiles.system(scope))
        for file in FollowedSettings.credentials(settings) { files.follow(file) }
        let spans = settings.tracing.map { _ in SpanQueue(now: time.now) }
        self.spans = spans
        let client = try Self.makeClient(settings, spans: spans)
        // If `AWS_CA_BUNDLE` is set, AWS needs a client of its own, because the issuers' client trusts other
        // authorities.
        let awsHTTP = try settings.aws.caBundle.map { bundle throws(SystemError) in
            try Self.makeClient(settings, trust: .file(bundle), spans: spans)
        }
        clients = [client] + [awsHTTP].compactMap { $0 }
        let (aws, credentials) = Self.makeAWS(
            settings, scope: scope, transport: (awsHTTP ?? client).transport, metrics: metrics, time: time, log: log,
            maxWritesPerSecond: maxWritesPerSecond)
        self.aws = aws
        self.credentials = credentials
        parameterStore = ParameterStore(aws)
        secretsManager = SecretsManager(aws)
        lambda = Lambda(aws)
        sharedTier = settings.connectSharedTier(aws, parameterStore, time)
        secrets = SecretBroker(
            sources: [
                .parameterStore(parameterStore, prefix: settings.prefix),
                .secretsManager(secretsManager, prefix: settings.prefix),
            ],
            backend: settings.backend.fixed,
            configuration: Self.secretConfiguration(settings), time: time, metrics: metrics, health: health, log: log)
        profiles = LiveProfiles(
            LiveProfiles.Dependencies(
                settings: settings, files: files, secrets: secrets, client: client, metrics: metrics, time: time))
        keySets = KeySets(
            KeySets.Environment(
                files: files, reloads: reloads, reader: Self.keySetReader(settings, client),
                timeout: settings.upstreamTimeout, time: time, log: log))
        use = ServiceUse(settings: settings, profiles: profiles, secrets: secrets)
        let first = profiles.profiles
        issuers = first.map(\.issuer)
        tokens = TokenBroker(
            profiles: first, slots: Self.profileSlots(settings), shared: sharedTier,
            configuration: Self.tokenConfiguration(settings), time: time,
            metrics: metrics, health: health, log: log)
    }

    /// Creates the follower of the parameters that say where secrets are read; nil if the settings say all of it.
    /// Requests for secrets wait until its first check.
    ///
    /// - Parameter isUsed: whether anybody uses secrets.
    package func backendFollower(
        _ settings: Settings, isUsed: @escaping @Sendable () -> Bool,
        changed: @escaping @Sendable (SecretBackend) -> Void = { _ in }, time: Timing, log: Logger
    ) -> BackendFollower? {
        guard settings.backend.followsKept else { return nil }
        secrets.awaitKeptList()
        let parameters = BackendParameters(
            store: parameterStore, prefix: settings.prefix, readsBackend: settings.backend.fixed == nil)
        return BackendFollower(
            parameters: parameters.followed, backend: settings.backend.fixed, isUsed: isUsed, changed: changed,
            secrets: secrets, reloads: reloads, timeout: settings.upstreamTimeout, time: time, log: log)
    }

    /// Updates the metrics that no event updates.
    ///
    /// - Parameter reading: the state so far; what the upstreams know is added.
    func updateMetrics(_ reading: StateReading, _ now: Now) {
        var reading = reading
        reading.oldestStaleSecret = secrets.oldestStaleAge(now)
        reading.credentialsExpiry = credentials.expiry
        metrics.state(reading, now.monotonic)
        profiles.updateBudgetMetrics(now.monotonic)
    }

    /// Closes the clients' connections and ends their event loops.
    package func shutdown() { for client in clients { client.shutdown() } }

    /// The kinds of issuer that the configured profiles use.
    private static func issuers(_ settings: Settings) -> [Tier] {
        let used = Set(settings.profiles.map(\.tier))
        return [.auth0, .oauth2].filter { used.contains($0) }
    }

    /// Number of profile slots. Nil without a profiles file: then the profiles never change.
    private static func profileSlots(_ settings: Settings) -> Int? {
        settings.profilesPath == nil ? nil : ProfilesFile.maxLiveProfiles
    }

    private static func makeMetrics(_ settings: Settings, stores: [SecretStore]) -> Metrics {
        Metrics(
            version: Version.number, profiles: settings.profiles.map(\.name), profileSlots: profileSlots(settings),
            tiersInUse: [(.token, .memory), (.secret, .memory)] + stores.map { (.secret, $0.tier) }
                + (issuers(settings) + [settings.sharedTier.tier].compactMap { $0 }).map { (.token, $0) },
            certificates: settings.tls?.pairs.map(\.name) ?? [], readProcess: { ProcessFiles.read() })
    }

    private static func makeAWS(
        _ settings: Settings, scope: FileScope, transport: @escaping HTTPTransport, metrics: Metrics, time: Timing,
        log: Logger, maxWritesPerSecond: Int
    ) -> (AWSClient, CredentialChain) {
        let clockSkew = ClockSkew()
        var sources = CredentialContext(
            environment: settings.environment, configuration: settings.aws, transport: transport, metrics: metrics,
            time: time, clockSkew: clockSkew, userAgent: Version.userAgent, readFile: SmallFile.text,
            readSharedFile: { scope.read($0) },
            writeFile: { bytes, path in (try? DurableFile.write(bytes, to: path)) != nil })
        sources.isOutsideConfinement = { scope.excludes($0) }
        sources.canRunPrograms = scope.allowsExecution
        let context = sources
        let credentials = CredentialChain(context.providers, time: time, log: log)
        var environment = AWSClient.Environment(
            configuration: settings.aws, credentials: credentials, transport: transport, metrics: metrics, time: time,
            attemptTimeout: settings.upstreamTimeout, userAgent: Version.userAgent)
        environment.clockSkew = clockSkew
        environment.callsPerSecond = [
            .parameterReads: settings.ssmMaxTPS, .parameterWrites: min(settings.ssmMaxTPS, maxWritesPerSecond),
        ]
        return (AWSClient(environment), credentials)
    }

    /// The exporter of spans; nil if they are not exported.
    func spanExporter(_ settings: Settings, time: Timing, log: Logger) -> SpanExporter? {
        guard let tracing = settings.tracing, let spans, let client = clients.first else { return nil }
        return SpanExporter(tracing, spans, transport: client.transport, time: time, log: log)
    }

    private static func makeClient(
        _ settings: Settings, trust: TLSTrust = .system, spans: SpanQueue? = nil
    ) throws(SystemError) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.spans = spans
        configuration.proxies = settings.proxies
        configuration.trust = trust
        return try HTTPClient(configuration: configuration)
    }

    /// Key sets are read like tokens, unless their issuer has authorities of its own. Then each read has a client of its
    /// own, which reads the authorities anew, so that a replaced file counts.
    private static func keySetReader(_ settings: Settings, _ client: HTTPClient) -> KeySetReader {
        KeySetReader(userAgent: Version.userAgent) { request, origin, authorities, deadline in
            guard let authorities else { return await Self.execute(request, origin, deadline, client) }
            switch Result(catching: { () throws(SystemError) in try makeClient(settings, trust: .file(authorities)) }) {
            case .failure(let error): return .failure(.connectFailed(errno: error.errno))
            case .success(let own):
                defer { own.shutdown() }
                return await Self.execute(request, origin, deadline, own)
            }
        }
    }

    private static func execute(
        _ request: HTTPRequest, _ origin: Origin, _ deadline: MonotonicTime, _ client: HTTPClient
    ) async -> Result<HTTPResponse, HTTPClientError> {
        do throws(HTTPClientError) {
            return .success(try await client.execute(request, to: origin, deadline: deadline))
        } catch {
            return .failure(error)
        }
    }

    private static func tokenConfiguration(_ settings: Settings) -> TokenBroker.Configuration {
        var configuration = TokenBroker.Configuration(
            buffer: ExpiryBuffer(settings.tokenExpiryBuffer), upstreamTimeout: settings.upstreamTimeout)
        configuration.holder = Random.uuid()
        configuration.forcedRefreshesPerHour = max(1, settings.issueBudget / 4)
        return configuration
    }

    private static func secretConfiguration(_ settings: Settings) -> SecretBroker.Configuration {
        var configuration = SecretBroker.Configuration(
            freshTTL: settings.secretTTL, negativeTTL: settings.negativeTTL, staleTTL: settings.staleTTL,
            upstreamTimeout: settings.upstreamTimeout)
        configuration.ttls = settings.ttls
        let readCapacity = HTTPClient.Configuration().maxConnectionsPerOrigin
        configuration.readCapacity = [.parameterStore: readCapacity, .secretsManager: readCapacity]
        if let maxEntries = settings.maximumSecrets { configuration.maximumEntries = maxEntries }
        configuration.backendParameter =
            settings.backend.fixed == nil
            ? BackendParameters.backend(below: settings.prefix) : BackendParameters.kept(below: settings.prefix)
        return configuration
    }
}
