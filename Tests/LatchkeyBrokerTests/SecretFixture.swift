import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Synchronization

@testable import LatchkeyBroker

/// A store of secrets in memory, with faults and gates that a test sets.
final class FakeStore: Sendable {
    private struct State {
        var secrets: [String: FetchedSecret] = [:]
        var faults: [String: UpstreamFault] = [:]
        var gate: Gate?
        var answerGate: Gate?
    }
    private let state = Mutex(State())
    /// The full names that were read, in order.
    let calls = Inbox<String>()
    /// The deadline of each call, in order.
    let deadlines = Inbox<MonotonicTime>()

    func put(_ name: String, _ value: String, version: String = "1", isBinary: Bool = false) {
        let secret = FetchedSecret(value: Secret(value), isBinary: isBinary, version: version)
        state.withLock { $0.secrets[name] = secret }
    }

    func remove(_ name: String) { state.withLock { $0.secrets[name] = nil } }

    /// Lets calls for `name` fail, or for every name if it is `*`; nil lets them succeed again.
    func fail(_ name: String, _ fault: UpstreamFault?) { state.withLock { $0.faults[name] = fault } }

    /// Lets calls wait at a gate after they have read the value.
    func answers(at gate: Gate?) { state.withLock { $0.answerGate = gate } }

    /// Lets calls wait at a gate before they read the value.
    func stop(at gate: Gate?) { state.withLock { $0.gate = gate } }

    func fetch(_ name: String, _ version: String?, _ label: String?) async throws(UpstreamFault) -> FetchedSecret {
        let requested = name + (version.map { ":\($0)" } ?? "") + (label.map { ":\($0)" } ?? "")
        let before = state.withLock { $0.gate }
        if let before {
            calls.put(requested)
            await before.pass()
        }
        let (fault, secret, after) = state.withLock {
            ($0.faults[name] ?? $0.faults["*"], $0.secrets[requested], $0.answerGate)
        }
        if before == nil { calls.put(requested) }
        await after?.pass()
        if let fault { throw fault }
        guard let secret else { throw UpstreamFault(.notFound, upstream: .parameterStore, code: "ParameterNotFound") }
        return secret
    }
}

/// A secret broker over two fake stores and a clock that a test moves.
struct SecretFixture {
    let clock = ManualClock()
    let sleeper: ManualSleeper
    /// Parameter Store.
    let store = FakeStore()
    /// Secrets Manager.
    let other = FakeStore()
    let metrics = Metrics(version: "test", profiles: [])
    let health = TierHealth()
    let log = LogInbox()
    let broker: SecretBroker

    /// - Parameter backend: nil if the broker does not know it yet.
    init(
        backend: SecretBackend? = .parameterStore, _ change: (inout SecretBroker.Configuration) -> Void = { _ in }
    ) {
        sleeper = ManualSleeper(clock)
        let (store, other) = (store, other)
        var configuration = SecretBroker.Configuration(
            freshTTL: .seconds(300), negativeTTL: .seconds(60), staleTTL: .seconds(3600), upstreamTimeout: .seconds(5))
        configuration.backendParameter = "/app/dev/latchkey/backend"
        change(&configuration)
        let parameters = SecretSource(store: .parameterStore, prefix: "/app/dev") {
            query, name, deadline throws(UpstreamFault) in
            store.deadlines.put(deadline)
            return try await store.fetch(name, query.version, query.label)
        }
        let secrets = SecretSource(store: .secretsManager, prefix: "/app/dev") { query, name, _ throws(UpstreamFault) in
            try await other.fetch(name, query.version, query.label)
        }
        broker = SecretBroker(
            sources: [parameters, secrets], backend: backend, configuration: configuration, time: sleeper.source,
            metrics: metrics, health: health, log: log.logger)
    }

    var now: Now { clock.now }
    var deadline: MonotonicTime { now.monotonic + .seconds(10) }

    func query(_ key: String, version: String? = nil, label: String? = nil) throws -> SecretQuery {
        guard let key = SecretKey(requested: key) else { throw UpstreamFault(.notFound) }
        return SecretQuery(key, version: version, label: label)
    }

    func secret(_ key: String, refresh: Bool = false) async throws -> ServedSecret {
        try await broker.secret(query(key), demand: refresh ? .forced : .cached, deadline: deadline)
    }

    func text(_ key: String, refresh: Bool = false) async throws -> String? {
        try await secret(key, refresh: refresh).entry.value.revealText()
    }

    /// One sample of the metrics; 0 if it does not exist.
    func metric(_ series: String) -> Int { metrics.sample(series) }

    /// The number of entries, bytes and known absences in memory.
    var size: (entries: Int, bytes: Int, absences: Int) {
        broker.state.withLock { ($0.cache.count, $0.cache.bytes, $0.cache.absenceCount) }
    }

    /// The bytes of values that are kept parsed for their fields.
    var parsedBytes: Int { broker.parsing.usedBytes }

    func isCached(_ key: String) throws -> Bool { try broker.cached(query(key), now: now) != nil }
}

extension SecretBroker {
    /// Puts a backend without kept secrets in force.
    func follow(_ backend: SecretBackend) { follow(SecretRouting(backend: backend)) }
}
