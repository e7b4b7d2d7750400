internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging

/// Fetches what settings want at hand, and keeps asking the store how it is: so that readiness needs no caller to come
/// first, `/health` tells of an outage before a caller meets it, and its end is noticed within seconds.
struct StoreHealthMonitor: Sendable {
    /// Between looks at a store that answers and has not been asked by anybody in that time: few enough that a
    /// hundred replicas spend a quarter of Parameter Store's default quota.
    static let healthyInterval: Duration = .seconds(10)
    /// Between looks at a store that fails.
    static let failingInterval: Duration = .seconds(2)
    /// Between two looks at the least.
    static let minInterval: Duration = .milliseconds(200)
    /// The spread of the first look, so that replicas started together do not ask together.
    static let startJitter: Duration = .milliseconds(250)

    let secrets: SecretBroker
    let use: ServiceUse
    let health: TierHealth
    let prefetch: [SecretKey]
    let timeout: Duration
    let time: TimeSource
    let log: Logger

    /// Runs until the task is cancelled.
    func run() async {
        try? await Task.sleep(for: Self.startJitter * Double.random(in: 0..<1))
        var waiting = prefetch
        while !Task.isCancelled {
            waiting = await fetch(waiting)
            var wait: Duration?
            // A store that nobody uses need not be there.
            if use.parts.secrets { wait = await look() }
            await probeKeptSecret()
            let interval = isHealthy ? Self.healthyInterval : Self.failingInterval
            try? await Task.sleep(for: min(interval * Double.random(in: 0.8..<1.2), wait ?? interval * 2))
        }
    }

    /// Those that could not be fetched: to be tried again.
    private func fetch(_ keys: [SecretKey]) async -> [SecretKey] {
        var left: [SecretKey] = []
        for key in keys {
            do throws(UpstreamFault) {
                _ = try await secrets.secret(SecretQuery(key), deadline: deadline)
            } catch {
                if error.reason == .notFound {
                    log.notice("a secret to prefetch does not exist", metadata: ["key": "\(key)"])
                } else {
                    left.append(key)
                }
            }
        }
        return left
    }

    /// How it went stands in the tier's health.
    ///
    /// - Returns: when to look again, where that is known: the source of credentials is asked again after a pause of its own.
    private func look() async -> Duration? {
        let age = health.status(secrets.store.tier).age(time.now()) ?? .seconds(3600)
        guard !isHealthy || age > Self.healthyInterval / 2 else { return nil }
        do throws(UpstreamFault) {
            _ = try await secrets.secret(SecretQuery(.blob), demand: .recent(maximumAge: .zero), deadline: deadline)
            return nil
        } catch {
            guard error.upstream == .credentials, let wait = error.retryAfter else { return nil }
            return max(wait, Self.minInterval)
        }
    }

    /// While Secrets Manager fails and secrets are kept there, asks it for one of them.
    private func probeKeptSecret() async {
        guard health.status(.secretsManager).state == .failing, let places = secrets.places,
            places.backend.store == .parameterStore, let key = places.kept.first
        else { return }
        let query = SecretQuery(key, store: .secretsManager)
        _ = try? await secrets.item(query, demand: .recent(maximumAge: .zero), deadline: deadline)
    }

    /// The store answers, and with a blob that can be read where there is one.
    private var isHealthy: Bool {
        let status = health.status(secrets.store.tier)
        return status.state == .ok && status.blobErrorCode == nil
    }

    private var deadline: MonotonicTime { time.now().monotonic + timeout }
}
