internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyNet
internal import LatchkeyUpstream
internal import Logging

/// The broker as a running process: upstreams, brokers, server.
struct Service: Sendable {
    /// Where it listens.
    let addresses: [SocketAddress]
    let metrics: Metrics

    private let upstreams: Upstreams
    private let server: HTTPServer
    private let readiness: Readiness
    private let watches: [Task<Void, Never>]
    private let drainTimeout: Duration

    /// Starts everything. Upstreams that are down hold nothing up: the service is then not ready until they come back.
    static func start(_ settings: Settings, time: TimeSource = .system, log: Logger) throws -> Service {
        guard let key = settings.apiKey else { throw SettingsProblems(lines: ["LATCHKEY_API_KEY is required"]) }
        let upstreams = try Upstreams(settings, time: time, log: log)
        let readiness = Readiness(
            tokens: upstreams.tokens, health: upstreams.health, tiers: upstreams.tiersInForce,
            backend: upstreams.secrets.tier, time: time)
        let keys = LiveKeys(KeyRing(key: key))
        let services = EndpointServices(
            keys: keys, tokens: upstreams.tokens, secrets: upstreams.secrets, metrics: upstreams.metrics,
            readiness: readiness, time: time, patience: settings.upstreamTimeout * 2)
        let server = try HTTPServer.start(configuration(settings, metrics: upstreams.metrics, time: time)) {
            let endpoints = Endpoints(services)
            return { endpoints.handle($0) }
        }
        let watch = StoreWatch(
            secrets: upstreams.secrets, health: upstreams.health,
            prefetch: settings.prefetch.compactMap { SecretKey($0) },
            patience: settings.upstreamTimeout * 2, time: time, log: log)
        let keyWatch = KeyWatch(settings: settings, keys: keys, log: log)
        for address in server.addresses { log.notice("listening", metadata: ["address": "\(address)"]) }
        return Service(
            addresses: server.addresses, metrics: upstreams.metrics, upstreams: upstreams, server: server,
            readiness: readiness,
            watches: [
                Task { await watch.run() }, Task { await keyWatch.run() },
            ], drainTimeout: settings.drainTimeout)
    }

    private static func configuration(
        _ settings: Settings, metrics: Metrics, time: TimeSource
    ) -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration(addresses: settings.listen, workers: settings.workers) {
            refusal, reply in
            let problem = Problem(refusal)
            var ids = RequestIDs()
            Endpoints.write(problem, id: String(decoding: ids.next(), as: UTF8.self), to: reply)
            metrics.httpRequest(.other, .other, StatusCode(problem.status))
        }
        configuration.time = time
        configuration.limits.maxConnections = settings.maxConnections
        configuration.connectionsChanged = { metrics.httpConnections(changedBy: $0) }
        return configuration
    }

    /// Accepts nothing more, lets what is under way finish, writes what is still to be written.
    func stop() async {
        readiness.beginDraining()
        for watch in watches { watch.cancel() }
        await server.drain(timeout: drainTimeout)
        await upstreams.tokens.drain()
        upstreams.shutdown()
    }
}
