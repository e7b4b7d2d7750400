package import LatchkeyAPI
internal import LatchkeyAudit
internal import LatchkeyBroker
package import LatchkeyConfine
package import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyLog
package import LatchkeyMetrics
package import LatchkeyNet
package import LatchkeySettings
internal import LatchkeyUpstream
package import Logging

/// The running broker: upstreams, brokers and server.
package struct Service: Sendable {
    /// The addresses that the server listens on.
    package let addresses: [SocketAddress]
    package let metrics: Metrics

    /// The event loops of the workers and the clients.
    package var eventLoops: [LoopHandle] { server.loops + upstreams.eventLoops }

    let upstreams: Upstreams
    let requests: RequestLog
    let server: HTTPServer
    let readiness: Readiness
    /// Nil without an audit log.
    let audit: AuditKeeper?
    /// Reads the settings again; nil if the command does not reload.
    package let reloader: Reloader?
    /// The warm file; nil if there is none.
    let warmFile: WarmFile?
    /// Nil if no spans are exported.
    let spanExporter: SpanExporter?
    let backgroundTasks: [Task<Void, Never>]
    /// `LATCHKEY_DRAIN_DELAY`.
    package let drainDelay: Duration
    /// `LATCHKEY_DRAIN_TIMEOUT`.
    package let drainTimeout: Duration
    private let firstBackendCheck: Task<Void, Never>?
    private let prefetchKeys: [SecretKey]
    private let callerTimeout: Duration
    package let time: Timing

    /// Starts the service. If an upstream is down, the service starts anyway and becomes ready when the upstream is
    /// back.
    ///
    /// - Parameters:
    ///   - confinement: what this process is confined to; nil if it is not.
    ///   - reload: where a reload gets the settings from; nil if there is none.
    package static func start(
        _ settings: Settings, confinement: ConfinementState? = nil, time: Timing = .system, log: Logger,
        requests: RequestLog, reload: ReloadSource? = nil
    ) throws -> Service {
        guard settings.apiKey != nil || settings.callers != nil else {
            throw SettingsError(lines: ["LATCHKEY_API_KEY is required"])
        }
        let scope = confinement?.scope ?? .everything
        let upstreams = try Upstreams(settings, scope: scope, time: time, log: log)
        let audit = try settings.audit.map { audit throws(SettingsError) in
            try AuditKeeper(audit, workers: settings.workers, metrics: upstreams.metrics, time: time, log: log)
        }
        let backendFollower = upstreams.backendFollower(
            settings, isUsed: { upstreams.use.parts.secrets },
            changed: { audit?.record(.backendChange, name: $0.rawValue) }, time: time, log: log)
        let certificates = try settings.tls.map { files throws(SettingsError) in
            try CertificateFollower(
                files, files: CertificateFiles(scope: scope), health: upstreams.reloads, metrics: upstreams.metrics,
                time: time, log: log)
        }
        let logLevel = reload?.logLevel ?? LiveLogLevel(settings.logLevel)
        let record = ReloadRecord(logLevel: logLevel)
        let readiness = Readiness(
            tokens: upstreams.tokens, health: upstreams.health, use: upstreams.use, secrets: upstreams.secrets,
            reloads: upstreams.reloads, certificates: certificates, reload: record, confinement: confinement, time: time
        )
        let firstBackendCheck = backendFollower.map { follower in Task { await follower.check() } }
        let warmFile = try warmFile(settings, upstreams, time, log)
        warmFile?.restore(backend: settings.backend.fixed)
        let keys = LiveKeys(KeyRing([]))
        let secretWaiter = SecretChangeWaiter(
            secrets: upstreams.secrets, isDraining: { readiness.isDraining }, time: time)
        upstreams.keySets.live.whenChanged { secretWaiter.wakeAll() }
        let registry = CallerRegistry(settings, live: keys, metrics: upstreams.metrics) { change in
            secretWaiter.wakeAll()
            audit?.record(change == .key ? .keyChange : .callersChange)
        }
        let callers = CallersFollower(
            settings, scope: scope, registry: registry, keySets: upstreams.keySets, files: upstreams.files)
        let directory = ProfileDirectory(
            settings: settings, profiles: upstreams.profiles, names: upstreams.tokens.names, files: upstreams.files,
            secrets: upstreams.secrets)
        let audiences = AudienceCache { audience, grant, deadline async throws(UpstreamFault) in
            try await directory.profile(forAudience: audience, among: grant, deadline: deadline)
        }
        let recorder = AnswerRecorder(metrics: upstreams.metrics, log: requests, spans: upstreams.spans)
        let spanExporter = upstreams.spanExporter(settings, time: time, log: log)
        var commit: EndpointServices.Commit?
        if let warmFile { commit = { completion in warmFile.commit(completion) } }
        let services = EndpointServices(
            keys: keys,
            tokenIssuers: TokenIssuers(upstreams.keySets.live) { await upstreams.keySets.readAgain($0) },
            failures: FailureLimiter(time: time, log: log),
            tokens: upstreams.tokens, secrets: upstreams.secrets, audiences: audiences,
            aws: AWSRequestHandler(store: .broker(upstreams.secrets, names: ResourceNames(settings))),
            metrics: upstreams.metrics, recorder: recorder, audit: audit?.log,
            metricsRenderer: MetricsRenderer(upstreams.metrics) {
                upstreams.updateMetrics(readiness.state(now: time.now()), time.now())
            },
            senders: SenderRules(
                forwarded: settings.refuseForwarded, requiresLoopbackHost: settings.requiresLoopbackHost),
            isReady: { readiness.isReady }, health: { readiness.report(now: $0) },
            secretWaiter: secretWaiter,
            commit: commit,
            time: time, callerTimeout: settings.upstreamTimeout * 2)
        let server = try HTTPServer.start(
            configuration(
                settings, cap: connectionCap(settings, log), recorder, upstreams.metrics, tls: certificates?.live,
                time: time, log: log)
        ) {
            Router.requestHandler(services)
        }
        let monitor = StoreHealthMonitor(
            secrets: upstreams.secrets, use: upstreams.use, health: upstreams.health,
            prefetch: settings.prefetch.compactMap { SecretKey($0) },
            timeout: settings.upstreamTimeout * 2, time: time, log: log)
        let keyFollower = APIKeyFollower(settings, registry: registry, files: upstreams.files)
        let profiles = ProfilesFollower(settings, scope: scope, files: upstreams.files) { definitions in
            upstreams.profiles.replace(with: definitions, in: upstreams.tokens)
            audiences.removeAll()
            audit?.record(.profilesChange)
        }
        let reloader = reload.map { source in
            Reloader(
                settings, source,
                parts: Reloader.Parts(
                    key: keyFollower, callers: callers, profiles: profiles, certificates: certificates,
                    files: upstreams.files,
                    logLevel: logLevel, requests: requests, audit: audit, log: log),
                record: record, metrics: upstreams.metrics, time: time, log: log)
        }
        reloader?.followFile(of: settings, in: upstreams.files)
        for file in FollowedSettings.readAtStart(settings) { upstreams.files.follow(file) }
        for address in server.addresses { log.notice(.listening, "listening", metadata: ["address": "\(address)"]) }
        for address in server.probeAddresses {
            log.notice(.listeningForProbes, "listening for probes", metadata: ["address": "\(address)"])
        }
        return Service(
            addresses: server.addresses, metrics: upstreams.metrics, upstreams: upstreams, requests: requests,
            server: server,
            readiness: readiness, audit: audit, reloader: reloader, warmFile: warmFile,
            spanExporter: spanExporter,
            backgroundTasks: [
                Task { await monitor.run() }, Task { await upstreams.files.run() },
                Task { await certificates?.run() },
                Task { await warmFile?.run() }, Task { await audit?.run(server.loops) },
                Task { await spanExporter?.run() },
                Task { if let firstBackendCheck { await backendFollower?.run(after: firstBackendCheck) } },
            ], drainDelay: settings.drainDelay, drainTimeout: settings.drainTimeout,
            firstBackendCheck: firstBackendCheck,
            prefetchKeys: monitor.prefetch, callerTimeout: monitor.timeout, time: time)
    }

    private static func warmFile(
        _ settings: Settings, _ upstreams: Upstreams, _ time: Timing, _ log: Logger
    ) throws(SettingsError) -> WarmFile? {
        guard let setting = settings.warmFile else { return nil }
        let location = WarmFile.Location(
            path: setting.path, key: try WarmKey.read(setting.keyPath),
            context: WarmContext(settings) { SmallFile.text($0) }, maxAge: setting.maxAge)
        return WarmFile(location, secrets: upstreams.secrets, tokens: upstreams.tokens, time: time, log: log)
    }

    /// `LATCHKEY_MAX_CONNECTIONS`, or fewer if the descriptor limit requires it.
    private static func connectionCap(_ settings: Settings, _ log: Logger) throws -> Int {
        do throws(DescriptorBudget.LimitError) {
            let budget = try DescriptorBudget(limit: ProcessFiles.descriptorLimit, wanted: settings.maxConnections)
            if budget.isReduced {
                log.warning(
                    .descriptorLimitLow,
                    """
                    the descriptor limit of \(budget.limit) leaves room for \(budget.cap) connections, not the \
                    \(budget.wanted) of LATCHKEY_MAX_CONNECTIONS: raise the limit (ulimit -n, LimitNOFILE=) or lower the \
                    setting
                    """)
            } else {
                log.info(.connectionCap, "at most \(budget.cap) connections at once")
            }
            return budget.cap
        } catch {
            throw SettingsError(lines: [
                "the descriptor limit is \(error.limit), and at least \(DescriptorBudget.minLimit) are needed: raise it "
                    + "(ulimit -n, LimitNOFILE=)"
            ])
        }
    }

    private static func configuration(
        _ settings: Settings, cap: Int, _ recorder: AnswerRecorder, _ metrics: Metrics,
        tls: LiveTLSConfiguration?, time: Timing, log: Logger
    ) throws -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration(listenAddresses: settings.listen, workers: settings.workers) {
            refusal, reply in
            recorder.refuse(refusal, to: reply)
        }
        configuration.time = time
        configuration.probeAddresses = [settings.probeListen].compactMap { $0 }
        configuration.limits.maxConnections = cap
        configuration.tls = tls
        configuration.handshakeEnded = { outcome, detail in
            metrics.handshake(outcome)
            log.debug(
                .tlsHandshake, "TLS handshake", metadata: ["outcome": "\(outcome.label)", "detail": "\(detail())"])
        }
        configuration.unixSockets = try settings.unixSocketOptions()
        configuration.acceptFailed = { error in
            log.warning(.acceptFailed, "cannot accept connections: \(error); accepting goes on once it is possible")
        }
        configuration.connectionsChanged = { metrics.httpConnections(changedBy: $0) }
        return configuration
    }

    /// Reads the secrets of `LATCHKEY_PREFETCH`. Returns when they are cached or after the caller timeout.
    package func prefetch() async {
        let deadline = time.now().monotonic + callerTimeout
        // With the backend `auto`, secrets cannot be read before the backend is known.
        _ = await firstBackendCheck?.value
        await withTaskGroup(of: Void.self) { group in
            for key in prefetchKeys {
                // The store health monitor retries and logs failed reads.
                group.addTask { _ = try? await upstreams.secrets.secret(SecretQuery(key), deadline: deadline) }
            }
        }
    }
}
