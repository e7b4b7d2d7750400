internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyNet
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Logging

/// The broker as a running process: upstreams, brokers, server.
struct Service: Sendable {
    /// Where it listens.
    let addresses: [SocketAddress]
    let metrics: Metrics

    private let upstreams: Upstreams
    private let requests: RequestLog
    private let server: HTTPServer
    private let readiness: Readiness
    private let watches: [Task<Void, Never>]
    private let drainDelay: Duration
    private let drainTimeout: Duration
    private let firstLook: Task<Void, Never>?
    private let prefetched: [SecretKey]
    private let patience: Duration
    private let time: TimeSource

    /// Starts everything. Upstreams that are down hold nothing up: the service is then not ready until they come back.
    static func start(
        _ settings: Settings, time: TimeSource = .system, log: Logger, requests: RequestLog
    ) throws -> Service {
        guard let key = settings.apiKey else { throw SettingsProblems(lines: ["LATCHKEY_API_KEY is required"]) }
        let upstreams = try Upstreams(settings, time: time, log: log)
        let backendFollower = upstreams.backendFollower(
            settings, isUsed: { upstreams.use.parts.secrets }, time: time, log: log)
        let readiness = Readiness(
            tokens: upstreams.tokens, health: upstreams.health, use: upstreams.use, secrets: upstreams.secrets,
            reloads: upstreams.reloads, time: time)
        let keys = LiveKeys(KeyRing(key: key))
        let directory = ProfileDirectory(
            settings: settings, profiles: upstreams.profiles, names: upstreams.tokens.names, files: upstreams.files,
            secrets: upstreams.secrets)
        let audiences = AudienceCache { audience, deadline async throws(UpstreamFault) in
            try await directory.profile(forAudience: audience, deadline: deadline)
        }
        let recorder = AnswerRecorder(metrics: upstreams.metrics, log: requests)
        let services = EndpointServices(
            keys: keys, tokens: upstreams.tokens, secrets: upstreams.secrets, audiences: audiences,
            fronts: AWSRequestHandler(store: .broker(upstreams.secrets, names: FrontNames(settings))),
            metrics: upstreams.metrics, recorder: recorder, scrapes: MetricsPages(upstreams.metrics),
            readiness: readiness,
            waits: SecretWaits(secrets: upstreams.secrets, readiness: readiness, time: time), time: time,
            patience: settings.upstreamTimeout * 2)
        let server = try HTTPServer.start(
            configuration(settings, cap: connectionCap(settings, log), recorder, upstreams.metrics, time: time)
        ) {
            let endpoints = Endpoints(services)
            return RequestHandler(admit: endpoints.admit, identify: endpoints.identify, answer: endpoints.handle)
        }
        let watch = StoreHealthMonitor(
            secrets: upstreams.secrets, use: upstreams.use, health: upstreams.health,
            prefetch: settings.prefetch.compactMap { SecretKey($0) },
            patience: settings.upstreamTimeout * 2, time: time, log: log)
        if let file = APIKeyFollower.file(settings, keys: keys) { upstreams.files.follow(file, value: key) }
        let profiles = FollowedSettings.profiles(settings) { definitions in
            upstreams.profiles.replace(with: definitions, in: upstreams.tokens)
            audiences.forget()
        }
        if let profiles { upstreams.files.follow(profiles, value: settings.profilesText) }
        for file in FollowedSettings.readAtStart(settings) { upstreams.files.follow(file) }
        let firstLook = backendFollower.map { follower in Task { await follower.look() } }
        for address in server.addresses { log.notice("listening", metadata: ["address": "\(address)"]) }
        return Service(
            addresses: server.addresses, metrics: upstreams.metrics, upstreams: upstreams, requests: requests,
            server: server,
            readiness: readiness,
            watches: [
                Task { await watch.run() }, Task { await upstreams.files.run() },
                Task { await showBudgets(upstreams, time) },
                Task { if let firstLook { await backendFollower?.run(after: firstLook) } },
            ], drainDelay: settings.drainDelay, drainTimeout: settings.drainTimeout, firstLook: firstLook,
            prefetched: watch.prefetch, patience: watch.patience, time: time)
    }

    /// Between two looks at the issue budgets, which grow back with time.
    private static let betweenBudgets: Duration = .seconds(10)

    private static func showBudgets(_ upstreams: Upstreams, _ time: TimeSource) async {
        while !Task.isCancelled {
            upstreams.profiles.showBudgets(time.now().monotonic)
            try? await Task.sleep(for: betweenBudgets)
        }
    }

    /// `LATCHKEY_MAX_CONNECTIONS`, or what the descriptor limit leaves room for.
    private static func connectionCap(_ settings: Settings, _ log: Logger) throws -> Int {
        do throws(DescriptorBudget.TooFew) {
            let budget = try DescriptorBudget(limit: ProcessFiles.descriptorLimit, wanted: settings.maxConnections)
            if budget.isReduced {
                log.warning(
                    """
                    the descriptor limit of \(budget.limit) leaves room for \(budget.cap) connections, not the \
                    \(budget.wanted) of LATCHKEY_MAX_CONNECTIONS: raise the limit (ulimit -n, LimitNOFILE=) or lower the \
                    setting
                    """)
            } else {
                log.info("at most \(budget.cap) connections at once")
            }
            return budget.cap
        } catch {
            throw SettingsProblems(lines: [
                "the descriptor limit is \(error.limit), and at least \(DescriptorBudget.minLimit) are needed: raise it "
                    + "(ulimit -n, LimitNOFILE=)"
            ])
        }
    }

    private static func configuration(
        _ settings: Settings, cap: Int, _ recorder: AnswerRecorder, _ metrics: Metrics, time: TimeSource
    ) -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration(listenAddresses: settings.listen, workers: settings.workers) {
            refusal, reply in
            let problem = Problem(refusal)
            var ids = RequestIDs()
            Endpoints.write(problem, id: String(decoding: ids.next(), as: UTF8.self), to: reply)
            recorder.refused(reply)
        }
        configuration.time = time
        configuration.limits.maxConnections = cap
        configuration.connectionsChanged = { metrics.httpConnections(changedBy: $0) }
        return configuration
    }

    /// Returns when `LATCHKEY_PREFETCH` is in memory, or cannot be had by the time a caller would have given up.
    func prefetch() async {
        let deadline = time.now().monotonic + patience
        // Backend `auto`: until it is known where secrets are read, nobody is asked for any.
        _ = await firstLook?.value
        await withTaskGroup(of: Void.self) { group in
            for key in prefetched {
                // What fails is tried again by the watch, which logs it too.
                group.addTask { _ = try? await upstreams.secrets.secret(SecretQuery(key), deadline: deadline) }
            }
        }
    }

    /// Stops as SIGTERM asks for. For `LATCHKEY_DRAIN_DELAY` connections are still accepted and kept, and `/readyz` is 503,
    /// so that load balancers look elsewhere before a connection is refused. Then ``stop(within:)``, in what is left of
    /// `LATCHKEY_DRAIN_TIMEOUT`.
    ///
    /// - Parameter signals: a further SIGTERM or SIGINT ends the delay.
    func stop(delayEndedBy signals: Signals, log: Logger) async {
        let asked = time.now().monotonic
        if drainDelay > .zero {
            readiness.announceStop()
            log.notice(
                "not ready any more; connections are still accepted",
                metadata: ["seconds": "\(drainDelay.components.seconds)"])
            await signals.wait(until: asked + drainDelay, log: log)
        }
        await stop(within: max(.zero, drainTimeout - (time.now().monotonic - asked)))
    }

    /// Accepts nothing more, lets what is under way finish, writes what is still to be written.
    /// - Parameter limit: for connections to finish; `LATCHKEY_DRAIN_TIMEOUT` where that is shorter.
    func stop(within limit: Duration? = nil) async {
        readiness.beginDraining()
        for watch in watches { watch.cancel() }
        let timeout = min(drainTimeout, limit ?? drainTimeout)
        let end = time.now().monotonic + timeout
        await server.drain(timeout: timeout)
        await upstreams.tokens.drain(by: end)
        upstreams.shutdown()
        requests.tellLeftOut()
    }
}
