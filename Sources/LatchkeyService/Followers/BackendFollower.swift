package import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// Follows the parameters `<prefix>/latchkey/backend` (backend `auto`) and `<prefix>/latchkey/kept`, so that a cut-over
/// or rollback of the fleet is one write without a deployment. ``FollowedBackend`` and ``FollowedKeptList`` interpret the values,
/// which are applied together.
package final class BackendFollower: Sendable {
    /// Time between two checks. Together with ``spread``, twice ``maxReadTime`` and ``maxWarmTime`` it stays below the
    /// 30 s within which a broker must notice a change.
    static let interval: Duration = .seconds(9)
    /// Time between two checks if the settings name the backend: then only the list of kept secrets can change.
    static let keptInterval: Duration = .seconds(18)
    /// Random deviation of the interval, so that replicas started together do not read together.
    static let spread = 0.2
    /// Timeout of one read; less if `LATCHKEY_UPSTREAM_TIMEOUT` is.
    static let maxReadTime: Duration = .seconds(4)
    /// Time between two checks while the backend is unknown.
    static let unknownInterval: Duration = .seconds(1)
    /// The same if the settings name the backend: callers do not wait for the list.
    static let unknownKeptInterval: Duration = .seconds(2)
    /// Timeout for reading secrets ahead before another store comes into force.
    static let maxWarmTime: Duration = .seconds(11)
    /// Maximum number of reads in one check.
    static let maxReadings = 3
    /// The name of the backend's parameter in `/health`.
    static let name = SettingName.secretsBackend.rawValue
    /// The name of the parameter of kept secrets in `/health`.
    static let keptName = ReloadSubject.kept.label

    /// The followed parameters.
    struct Parameters: Sendable {
        /// The name of the parameter that holds the backend.
        let backend: String
        /// The name of the parameter that lists the secrets kept in Secrets Manager.
        let kept: String
        /// Reads both by the deadline.
        let read: @Sendable (MonotonicTime) async -> BackendReading

        init(
            backend: String, kept: String, read: @escaping @Sendable (MonotonicTime) async -> BackendReading
        ) {
            self.backend = backend
            self.kept = kept
            self.read = read
        }
    }

    /// What the checks have found so far.
    private struct State {
        var backend = FollowedBackend()
        var kept = FollowedKeptList()
        /// Number of checks in progress.
        var checksRunning = 0
    }

    private let parameters: Parameters
    /// The backend that the settings name; nil for `auto`.
    private let fixed: SecretBackend?
    /// Whether anybody uses secrets. If not, the store may be missing.
    private let isUsed: @Sendable () -> Bool
    private let changed: @Sendable (SecretBackend) -> Void
    private let secrets: SecretBroker
    private let reloads: ReloadHealth
    private let timeout: Duration
    private let time: Timing
    private let log: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - backend: the backend that the settings name; nil for `auto`.
    ///   - isUsed: whether anybody uses secrets.
    ///   - changed: called when another backend or list of kept secrets is in force.
    init(
        parameters: Parameters, backend: SecretBackend?, isUsed: @escaping @Sendable () -> Bool,
        changed: @escaping @Sendable (SecretBackend) -> Void,
        secrets: SecretBroker, reloads: ReloadHealth, timeout: Duration, time: Timing, log: Logger
    ) {
        self.parameters = parameters
        fixed = backend
        self.isUsed = isUsed
        self.changed = changed
        self.secrets = secrets
        self.reloads = reloads
        self.timeout = timeout
        self.time = time
        self.log = log
        if backend == nil { reloads.follow(Self.name, .backend, source: parameters.backend) }
        reloads.follow(Self.keptName, .kept, source: parameters.kept)
        if backend != nil { secrets.onBackendAwaited { [weak self] in self?.checkForCaller() } }
    }

    /// The first caller of secrets waits for this check, because nobody used secrets before.
    private func checkForCaller() {
        let isFirst = state.withLock { state in
            guard state.checksRunning == 0 else { return false }
            state.checksRunning += 1
            return true
        }
        guard isFirst else { return }
        Task {
            await check(isWanted: true)
            state.withLock { $0.checksRunning -= 1 }
        }
    }

    /// Runs until the task is cancelled.
    ///
    /// - Parameter first: a check that was started before.
    func run(after first: Task<Void, Never>) async {
        await first.value
        while !Task.isCancelled {
            let known = fixed == nil ? Self.interval : Self.keptInterval
            let unknown = fixed == nil ? Self.unknownInterval : Self.unknownKeptInterval
            let interval = secrets.routing == nil ? unknown : known
            let pause = Backoff.Jitter.plusOrMinus(Self.spread).spread(interval, random: time.jitter())
            await time.sleep(time.now().monotonic + pause)
            if Task.isCancelled { return }
            await check()
        }
    }

    /// Checks once, for a command that exits afterwards.
    ///
    /// - Returns: why the backend is unknown; nil if it is known.
    package func readOnce() async -> UpstreamFault? {
        await check()
        guard let failure = state.withLock({ $0.backend.failure }) else { return nil }
        secrets.backendIsUnknown(failure.unknown, isFinal: true)
        switch failure {
        case .unread(let fault): return fault
        case .gone, .unknownName:
            return UpstreamFault(.notReady, upstream: .parameterStore, code: failure.code, subject: parameters.backend)
        }
    }

    /// Reads the parameters and applies their values. If a value cannot be used, the current one stays in force.
    ///
    /// One GetParameters does not read both parameters at the same moment. So a change to Parameter Store is applied
    /// only when a second read, started after the first, returns the same values. Cut-over writes the list before the
    /// backend, and rollback after it.
    ///
    /// - Parameter isWanted: whether a caller waits for it.
    package func check(isWanted: Bool = false) async {
        guard fixed == nil || isWanted || isUsed() else { return }
        state.withLock { $0.checksRunning += 1 }
        defer { state.withLock { $0.checksRunning -= 1 } }
        var seen: SecretRouting?
        for _ in 0..<Self.maxReadings {
            let deadline = time.now().monotonic + min(timeout, Self.maxReadTime)
            apply(await parameters.read(deadline))
            guard let next = wanted, next != secrets.routing else { break }
            if fixed != nil || next.backend.store == .secretsManager || next == seen {
                await follow(next, isRead: next == seen)
                break
            }
            if secrets.routing != nil { await warm(next) }
            seen = next
        }
        reportUnknown()
    }

    /// Where secrets should be read according to the parameters; nil while that is unknown.
    private var wanted: SecretRouting? {
        let (backend, list) = state.withLock { (fixed ?? $0.backend.backend, $0.kept.list) }
        guard let backend else { return nil }
        guard backend.store == .parameterStore else {
            return SecretRouting(backend: backend, kept: secrets.keys(ofSecrets: list?.names ?? []))
        }
        return list.map { SecretRouting(backend: backend, kept: secrets.keys(ofSecrets: $0.names)) }
    }

    private func apply(_ reading: BackendReading) {
        if let found = reading.backend { applyBackend(found) }
        applyKept(reading.kept)
    }

    private func applyBackend(_ found: FollowedBackend.Reading) {
        switch state.withLock({ $0.backend.apply(found) }) {
        case .nothing: break
        case .follow: reloads.recordSuccess(Self.name, isChange: true)
        case .recovered:
            reloads.recordSuccess(Self.name, isChange: false)
            log.notice(
                .backendRecovered,
                "the parameter that names the backend is followed again",
                metadata: [
                    "parameter": "\(parameters.backend)", "backend": "\(secrets.backend?.rawValue ?? "unknown")",
                ])
        case .failing(let failure):
            reloads.recordFailure(Self.name, code: failure.code)
            log.warning(
                .backendFailed,
                "the parameter that names the backend cannot be followed; keeping the current backend",
                metadata: [
                    "parameter": "\(parameters.backend)", "backend": "\(secrets.backend?.rawValue ?? "unknown")",
                    "code": "\(failure.code)", "why": "\(failure.description)",
                ])
        }
    }

    private func applyKept(_ found: FollowedKeptList.Reading) {
        let (event, isDenied) = state.withLock { ($0.kept.apply(found), $0.kept.isDeniedFromTheStart) }
        switch event {
        case .nothing: break
        case .follow: reloads.recordSuccess(Self.keptName, isChange: true)
        case .recovered:
            reloads.recordSuccess(Self.keptName, isChange: false)
            log.notice(
                .keptRecovered,
                "the parameter that lists the kept secrets is followed again",
                metadata: ["parameter": "\(parameters.kept)"])
        case .failing(let failure):
            reloads.recordFailure(Self.keptName, code: failure.code, degrades: !isDenied)
            // If the store does not answer, its own health shows that; with `auto`, the backend's log line does too.
            let isOutage = if case .unread = failure { true } else { false }
            let list = "the parameter that lists the kept secrets"
            let what =
                isDenied
                ? "\(list) may not be read; no secret is kept" : "\(list) cannot be followed; keeping the current list"
            log.log(
                level: isOutage ? .info : .warning, .keptFailed, "\(what)",
                metadata: [
                    "parameter": "\(parameters.kept)", "code": "\(failure.code)", "why": "\(failure.description)",
                ])
        }
    }

    /// Tells the broker why secrets cannot be read while no backend is in force.
    private func reportUnknown() {
        guard secrets.routing == nil else { return }
        let (backendFailure, kept) = state.withLock { ($0.backend.failure, $0.kept.failure) }
        if let backendFailure {
            secrets.backendIsUnknown(backendFailure.unknown, isFinal: backendFailure.needsOperator)
        } else if fixed != nil, let kept {
            secrets.keptListIsUnreadable("could not be read [\(kept.code)]")
        }
    }

    private func warm(_ routing: SecretRouting) async {
        await secrets.warm(routing, deadline: time.now().monotonic + Self.maxWarmTime)
    }

    /// - Parameter isRead: whether the cached secrets were read ahead already.
    private func follow(_ routing: SecretRouting, isRead: Bool) async {
        let last = secrets.routing
        if !isRead, last != nil { await warm(routing) }
        secrets.follow(routing)
        changed(routing.backend)
        if let last, last.backend == routing.backend {
            log.notice(
                .keptChanged,
                "the list of secrets kept in Secrets Manager has changed", metadata: ["kept": "\(routing.kept.count)"])
        } else if fixed == nil || !routing.kept.isEmpty {
            log.notice(
                .backendChanged,
                "the secrets backend has changed",
                metadata: [
                    "backend": "\(routing.backend.rawValue)", "before": "\(last?.backend.rawValue ?? "unknown")",
                    "kept": "\(routing.kept.count)",
                ])
        }
    }
}
