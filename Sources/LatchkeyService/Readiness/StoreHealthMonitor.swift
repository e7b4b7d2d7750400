internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import Logging

/// Prefetches the configured secrets and probes the store periodically. So the process becomes ready without a caller,
/// `/health` shows an outage before a caller meets it, and recovery is noticed within seconds.
struct StoreHealthMonitor: Sendable {
    /// Time between two probes of a healthy store that nobody else has asked. A hundred replicas then use a quarter of
    /// Parameter Store's default quota.
    static let healthyInterval: Duration = .seconds(10)
    /// Time between two probes of a failing store.
    static let failingInterval: Duration = .seconds(2)
    /// Minimum time between two probes.
    static let minInterval: Duration = .milliseconds(200)
    /// Random delay of the first probe, so that replicas started together do not probe together.
    static let startJitter: Duration = .milliseconds(250)

    let secrets: SecretBroker
    let use: ServiceUse
    let health: TierHealth
    let prefetch: [SecretKey]
    let timeout: Duration
    let time: Timing
    let log: Logger

    /// Runs until the task is cancelled.
    func run() async {
        await time.sleep(time.now().monotonic + Backoff.Jitter.full.spread(Self.startJitter, random: time.jitter()))
        var waiting = prefetch
        while !Task.isCancelled {
            waiting = await fetch(waiting)
            var wait: Duration?
            // A store that nobody uses may be missing.
            if use.parts.secrets { wait = await probe() }
            await probeKeptSecret()
            let interval = isHealthy ? Self.healthyInterval : Self.failingInterval
            let pause = Backoff.Jitter.plusOrMinus(0.2).spread(interval, random: time.jitter())
            await time.sleep(time.now().monotonic + min(pause, wait ?? pause))
        }
    }

    /// Returns the keys that could not be fetched, to be retried.
    private func fetch(_ keys: [SecretKey]) async -> [SecretKey] {
        var left: [SecretKey] = []
        for key in keys {
            do throws(UpstreamFault) {
                _ = try await secrets.secret(SecretQuery(key), deadline: deadline)
            } catch {
                if error.reason == .notFound {
                    log.notice(.prefetchMissing, "a secret to prefetch does not exist", metadata: ["key": "\(key)"])
                } else {
                    left.append(key)
                }
            }
        }
        return left
    }

    /// Probes the store. The result is recorded in the tier's health.
    ///
    /// - Returns: when to probe again, if that is known: a failed credential source is retried after its own backoff.
    private func probe() async -> Duration? {
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

    /// If Secrets Manager fails while secrets are kept there, reads one of them as a probe.
    private func probeKeptSecret() async {
        guard health.status(.secretsManager).state == .failing, let routing = secrets.routing,
            routing.backend.store == .parameterStore, let key = routing.kept.first
        else { return }
        let query = SecretQuery(key, store: .secretsManager)
        _ = try? await secrets.item(query, demand: .recent(maximumAge: .zero), deadline: deadline)
    }

    /// Whether the store answers and its blob, if there is one, can be read.
    private var isHealthy: Bool {
        let status = health.status(secrets.store.tier)
        return status.state == .ok && status.blobErrorCode == nil
    }

    private var deadline: MonotonicTime { time.now().monotonic + timeout }
}
